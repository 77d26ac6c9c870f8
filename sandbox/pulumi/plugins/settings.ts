import type { Setting, Settings } from "./plugin.ts";
import type { Properties } from "./values.ts";
import { isUnknown } from "./values.ts";

type SettingTable = Readonly<Record<string, Setting>>;

/** The error for one input. */
export interface Failure {
  readonly property: string;
  readonly reason: string;
}

/** The errors for the inputs of a provider. Settings that the stand-in does not use are accepted and ignored. */
export function checkSettings(table: SettingTable, inputs: Properties): Failure[] {
  return Object.entries(table).flatMap(([property, setting]) => {
    const value = inputs[property];
    const reason =
      typeof value === "string" && !isUnknown(value) ? setting.check?.(value) : undefined;
    return reason === undefined ? [] : [{ property, reason }];
  });
}

/** The effective settings: inputs of the provider take precedence over the environment. */
export function readSettings(
  table: SettingTable,
  inputs: Properties,
  environment: NodeJS.ProcessEnv,
): Settings {
  return Object.fromEntries(
    Object.entries(table).flatMap(([name, setting]) => {
      const isGiven = setting.unlessGiven?.some((other) => isText(inputs[other])) === true;
      const variables = isGiven ? [] : setting.environment.map((key) => environment[key]);
      const candidates = [inputs[name], ...variables];
      const value = candidates.find(isText);
      return value === undefined ? [] : [[name, value]];
    }),
  );
}

function isText(value: unknown): value is string {
  return typeof value === "string" && value !== "";
}
