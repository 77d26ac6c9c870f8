import type { JsonObject } from "./json.ts";

/** The values that a setting accepts, and a text that describes them. */
export interface SettingRule {
  readonly expected: string;
  accepts(value: unknown): boolean;
}

/** A delay in milliseconds. */
export const DELAY: SettingRule = {
  expected: "a number of milliseconds",
  accepts: (value) => typeof value === "number" && value >= 0,
};

/** A boolean. */
export const SWITCH: SettingRule = {
  expected: "true or false",
  accepts: (value) => typeof value === "boolean",
};

/** A text, which may be empty. */
export const TEXT: SettingRule = {
  expected: "a text",
  accepts: (value) => typeof value === "string",
};

/** A list of texts. */
export const TEXTS: SettingRule = {
  expected: "a list of texts",
  accepts: (value) => Array.isArray(value) && value.every((item) => typeof item === "string"),
};

/** A count. */
export const COUNT: SettingRule = {
  expected: "a whole number",
  accepts: (value) => Number.isInteger(value) && Number(value) >= 0,
};

/** Applies either all of the named settings or none. */
export function applySettings<Settings extends object>(
  settings: Settings,
  rules: Readonly<Record<keyof Settings & string, SettingRule>>,
  input: JsonObject,
): void {
  for (const [name, value] of Object.entries(input)) {
    const rule = (rules as Record<string, SettingRule | undefined>)[name];
    if (!rule) {
      throw new Error(`${name}: no such setting; there are ${Object.keys(rules).join(", ")}`);
    }
    if (!rule.accepts(value)) {
      throw new Error(`${name}: ${rule.expected}`);
    }
  }
  Object.assign(settings, input);
}
