import { joined, placeholder, shell, verbatim, type ShellText } from "../lib/shell.ts";
import { metaOf } from "./options.ts";

/** A problem and the part of `pulumi config` that mends it: the verb and what follows the stack. */
export interface SettingProblem {
  readonly setting: string;
  readonly problem: string;
  readonly mend: readonly ["set" | "rm", ShellText];
  /**
   * What follows `pulumi config rm` and the stack in a command that must come before, where what is there is in the way:
   * Pulumi sets nothing inside a text. Default: none.
   */
  readonly removeFirst?: ShellText | undefined;
}

/** The commands that mend a problem on a stack, to paste. */
export function mendCommand({ mend, removeFirst }: SettingProblem, stack: string): ShellText {
  const first = removeFirst === undefined ? [] : [["rm", removeFirst] as const];
  return configCommands([...first, mend], stack);
}

/** A step of `pulumi config`: its verb, and what follows the stack. */
export type ConfigStep = readonly [verb: string, rest: ShellText];

/** Steps of `pulumi config` as one command to paste. */
export function configCommands(steps: readonly ConfigStep[], stack: string): ShellText {
  return joined(
    steps.map(([verb, rest]) => shell`pulumi config ${verb} -s ${stack} ${verbatim(rest)}`),
    " && ",
  );
}

/** The setting that a step of {@link configCommands} changes inside; undefined for one that changes it as a whole. */
export function settingInside([, rest]: ConfigStep): string | undefined {
  return /^--path (?:--secret )?'?(\w+)/.exec(rest)?.[1];
}

/** What follows `pulumi config set` and the stack in the command that sets a setting, or a credential inside one. */
export function setExample(path: string): ShellText {
  const { secret, file, examples } = metaOf(path);
  if (secret === true) {
    return file === undefined
      ? setEncrypted(path)
      : shell`${verbatim(setEncrypted(path))} < ${file}`;
  }
  return setValue([path], examples?.[0]);
}

/**
 * The same at a place inside a setting.
 *
 * @param place the setting, and keys and indexes inside it
 * @param example a value that it may have; of an object or a list, the first one inside is set. Default: a placeholder
 */
export function setValue(place: readonly PropertyKey[], example: unknown): ShellText {
  const [leaf, value] = firstLeaf(place, example);
  const text = value === undefined ? placeholder("value") : String(value);
  return shell`${verbatim(removed(leaf))} ${text}`;
}

/** What removes a place inside a setting, likewise. */
export function removed(place: readonly PropertyKey[]): ShellText {
  const path = pathText(place);
  return place.length === 1 ? shell`${path}` : shell`--path ${path}`;
}

/** The same where the credential is there, and only has to be encrypted. */
export function setEncrypted(path: string): ShellText {
  return path.includes(".") ? shell`--path --secret ${path}` : shell`--secret ${path}`;
}

/** A place inside a setting as `pulumi config --path` has it. */
export function pathText(place: readonly PropertyKey[]): string {
  return place
    .map((part, index) => {
      if (typeof part === "number") {
        return `[${part}]`;
      }
      const key = String(part);
      return index === 0 ? key : /^[\w-]+$/.test(key) ? `.${key}` : `[${JSON.stringify(key)}]`;
    })
    .join("");
}

/** The first value inside a value that is no map or list, with its place: enough to begin the value with. */
function firstLeaf(
  place: readonly PropertyKey[],
  value: unknown,
): [readonly PropertyKey[], string | number | boolean | undefined] {
  if (typeof value !== "object" || value === null) {
    return [place, value as string | number | boolean | undefined];
  }
  const [[key, first] = ["", undefined]] = Object.entries(value);
  return firstLeaf([...place, Array.isArray(value) ? Number(key) : key], first);
}
