import { closest, distance } from "fastest-levenshtein";
import type { z } from "zod";
import { parseJson } from "../lib/json.ts";
import {
  pathText,
  removed,
  setEncrypted,
  setExample,
  setValue,
  type SettingProblem,
} from "./mend.ts";
import { isStructured, metaOf, optionsOf, secretPaths } from "./options.ts";
import type { SettingName } from "./settings.ts";
import { nearMiss } from "./suggestion.ts";

/**
 * What is wrong with a setting's value, in sentences, each with what mends just that.
 *
 * @param name the setting
 * @param text its value as Pulumi hands it over; undefined when there is none
 */
export function problemsOf(
  name: SettingName,
  text: string | undefined,
  issues: readonly z.core.$ZodIssue[],
): SettingProblem[] {
  if (text === undefined) {
    return [{ setting: name, problem: "is missing", mend: ["set", setExample(name)] }];
  }
  return issues.flatMap((issue): SettingProblem[] => {
    const place = [name, ...issue.path];
    const setting = pathText(place);
    if (issue.code === "unrecognized_keys") {
      return issue.keys.map((key) => ({
        setting: pathText([...place, key]),
        problem: `is not a setting${sibling(key, name)}`,
        mend: ["rm", removed([...place, key])],
      }));
    }
    const isMissing = valueIn(parseJson(text), issue.path) === undefined && place.length > 1;
    const problem = isMissing ? "is missing" : sentence(issue);
    return [{ setting, problem, ...mends(place, name, text) }];
  });
}

/** The end of the sentence that refuses an unknown option: where it is known, or which one may have been meant. */
function sibling(key: string, name: SettingName): string {
  const names = optionsOf(name).map((option) => option.name);
  if (names.includes(key)) {
    return " of this provider or mode";
  }
  const meant = names.length === 0 ? key : closest(key, names);
  return meant !== key && distance(key, meant) <= nearMiss ? `; it is called ${meant}` : "";
}

function sentence({ message }: z.core.$ZodIssue): string {
  return message.includes("received undefined")
    ? "is missing"
    : message
        .replace(/^Invalid (input|option|discriminator value)[:.]? */i, "is not right: ")
        .replace(/: $/, "");
}

function mends(
  place: readonly PropertyKey[],
  name: SettingName,
  text: string,
): Pick<SettingProblem, "mend" | "removeFirst"> {
  if (place.length === 1) {
    return {
      mend: ["set", setExample(name)],
      // Inside another kind of value nothing can be set.
      ...(isStructured(name) && { removeFirst: removed(place) }),
    };
  }
  const present = valueIn(parseJson(text), place.slice(1));
  const option = pathText(place.filter((part) => typeof part !== "number"));
  if (secretPaths().includes(option)) {
    return { mend: ["set", setEncrypted(option)] };
  }
  const examples: unknown = metaOf(option).examples?.[0];
  const isItem = typeof place.at(-1) === "number";
  const example: unknown = isItem && Array.isArray(examples) ? examples[0] : examples;
  const isMap = typeof example === "object" && example !== null;
  if (isItem && isMap) {
    // Without it the list may be right, and what follows it takes its place.
    return { mend: ["rm", removed(place)] };
  }
  return {
    mend: ["set", setValue(place, example)],
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
