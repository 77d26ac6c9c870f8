import { closest, distance } from "fastest-levenshtein";
import type { z } from "zod";
import { isMap, parseJson } from "../lib/json.ts";
import {
  pathText,
  removed,
  setEncrypted,
  setExample,
  setValue,
  type SettingProblem,
} from "./fix.ts";
import { isStructured, metaOf, optionsOf, secretPaths } from "./options.ts";
import type { SettingName } from "./settings.ts";
import { nearMiss } from "./suggestion.ts";

/**
 * The problems of a setting's value, each with the command that fixes it.
 *
 * @param name the setting
 * @param text its value as Pulumi passes it; undefined without a value
 */
export function problemsOf(
  name: SettingName,
  text: string | undefined,
  issues: readonly z.core.$ZodIssue[],
): SettingProblem[] {
  if (text === undefined) {
    return [{ setting: name, problem: "is missing", fix: ["set", setExample(name)] }];
  }
  return issues.flatMap((issue): SettingProblem[] => {
    const place = [name, ...issue.path];
    const setting = pathText(place);
    if (issue.code === "unrecognized_keys") {
      return issue.keys.map((key) => ({
        setting: pathText([...place, key]),
        problem: `is not a setting${sibling(key, name)}`,
        fix: ["rm", removed([...place, key])],
      }));
    }
    const value = valueIn(parseJson(text) ?? text, issue.path);
    const problem = sentence(issue, value, issue.path.length > 0);
    return [{ setting, problem, ...fixOf(place, name, text) }];
  });
}

/** The end of the message that refuses an unknown option: where the option is known, or a suggested name. */
function sibling(key: string, name: SettingName): string {
  const names = optionsOf(name).map((option) => option.name);
  if (names.includes(key)) {
    return " of this provider or mode";
  }
  const meant = names.length === 0 ? key : closest(key, names);
  return meant !== key && distance(key, meant) <= nearMiss ? `; it is called ${meant}` : "";
}

/**
 * An issue as a message of this program: the schema library's messages are for programmers.
 *
 * @param value the value with the issue
 * @param isInside whether the value is inside a setting
 */
function sentence(issue: z.core.$ZodIssue, value: unknown, isInside: boolean): string {
  if (isInside && (value === undefined || value === null || value === "")) {
    return value === undefined ? "is missing" : "is empty";
  }
  // The messages of config/forms.ts follow the setting's name; those of the library begin with a capital letter.
  if (/^[a-z]/.test(issue.message)) {
    return issue.message;
  }
  if (issue.code === "invalid_type") {
    return notOfType[issue.expected] ?? otherForm;
  }
  if (issue.code === "invalid_value") {
    return `is not ${alternatives(issue.values)}`;
  }
  if (issue.code === "invalid_union") {
    if ("options" in issue && Array.isArray(issue.options)) {
      return `is not ${alternatives(issue.options)}`;
    }
    return isMap(value) || Array.isArray(value) ? "is not a single value" : otherForm;
  }
  return issue.code === "too_small" ? "is empty" : otherForm;
}

const otherForm = "has the wrong form";

/** The message for a value of another type, by the schema's name of the expected type. */
const notOfType: Readonly<Record<string, string>> = {
  array: "is not a list",
  boolean: "is neither true nor false",
  int: "is not a whole number",
  number: "is not a number",
  object: "is not a map",
  record: "is not a map",
  string: "is not text",
};

function alternatives(values: readonly unknown[]): string {
  const names = values.map(String);
  return names.length < 2
    ? names.join()
    : `${names.slice(0, -1).join(", ")} or ${names.at(-1) ?? ""}`;
}

function fixOf(
  place: readonly PropertyKey[],
  name: SettingName,
  text: string,
): Pick<SettingProblem, "fix" | "removeFirst"> {
  if (place.length === 1) {
    return {
      fix: ["set", setExample(name)],
      // Pulumi sets nothing inside another kind of value.
      ...(isStructured(name) && { removeFirst: removed(place) }),
    };
  }
  const present = valueIn(parseJson(text), place.slice(1));
  const option = pathText(place.filter((part) => typeof part !== "number"));
  if (secretPaths().includes(option)) {
    return { fix: ["set", setEncrypted(option)] };
  }
  const examples: unknown = metaOf(option).examples?.[0];
  const isItem = typeof place.at(-1) === "number";
  const example: unknown = isItem && Array.isArray(examples) ? examples[0] : examples;
  const isMap = typeof example === "object" && example !== null;
  if (isItem && isMap) {
    // Without the item the list may be valid, and the next item takes its index.
    return { fix: ["rm", removed(place)] };
  }
  return {
    fix: ["set", setValue(place, example)],
    ...(isMap && present !== undefined && typeof present !== "object"
      ? { removeFirst: removed(place) }
      : {}),
  };
}

function valueIn(value: unknown, place: readonly PropertyKey[]): unknown {
  return place.reduce<unknown>(
    (inner, part) =>
      typeof inner === "object" && inner !== null
        ? (inner as Readonly<Record<PropertyKey, unknown>>)[part]
        : undefined,
    value,
  );
}
