import type { JsonObject } from "./json.ts";

/** What may go into one setting; the text says what is expected. */
export interface SettingRule {
  readonly expected: string;
  accepts(value: unknown): boolean;
}

/** A delay in milliseconds. */
export const DELAY: SettingRule = {
  expected: "a number of milliseconds",
  accepts: (value) => typeof value === "number" && value >= 0,
};

/** A yes or no. */
export const SWITCH: SettingRule = {
  expected: "true or false",
  accepts: (value) => typeof value === "boolean",
};

/** A text, which may be empty. */
export const TEXT: SettingRule = {
  expected: "a text",
  accepts: (value) => typeof value === "string",
};

/** Some texts. */
export const TEXTS: SettingRule = {
  expected: "a list of texts",
  accepts: (value) => Array.isArray(value) && value.every((item) => typeof item === "string"),
};

/** How many. */
export const COUNT: SettingRule = {
  expected: "a whole number",
  accepts: (value) => Number.isInteger(value) && Number(value) >= 0,
};

/** Applies the named settings, all or none. */
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
