import { closest, distance } from "fastest-levenshtein";
import type { z } from "zod";
import { shellWord } from "../lib/clusterCommand.ts";
import { pathText, setEncrypted, setExample, type SettingProblem } from "./mend.ts";
import { optionsOf, secretPaths } from "./options.ts";
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
    const path = pathText([name, ...issue.path]);
    if (issue.code === "unrecognized_keys") {
      return issue.keys.map((key) => ({
        setting: `${path}.${key}`,
        problem: `is not a setting${sibling(key, name)}`,
        mend: ["rm", `--path ${path}.${key}`],
      }));
    }
    return [{ setting: path, problem: sentence(issue), mend: ["set", command(path, name)] }];
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
    : message.replace(/^Invalid (input|option|discriminator value)[:.]? */i, "is not right: ");
}

function command(path: string, name: SettingName): string {
  const whole = setExample(name);
  if (path === name || whole.includes(path)) {
    return whole;
  }
  return secretPaths().includes(path) ? setEncrypted(path) : `--path ${shellWord(path)} <value>`;
}
