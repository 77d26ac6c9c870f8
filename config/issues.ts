import { closest, distance } from "fastest-levenshtein";
import type { z } from "zod";
import type { Finding } from "./guards.ts";
import { nearMiss } from "./suggestion.ts";

/** Settings inside `dns` that are credentials. */
const secretPaths = ["dns.apiToken", "dns.serviceAccountKey"];

/**
 * What is wrong with a setting's value, in sentences, each with what mends just that.
 *
 * @param name the setting
 * @param example how the setting as a whole is set
 * @param text its value as Pulumi hands it over; undefined when there is none
 */
export function findings(
  name: string,
  example: string,
  text: string | undefined,
  issues: readonly z.core.$ZodIssue[],
): Finding[] {
  if (text === undefined) {
    return [{ setting: name, problem: "is missing", mend: ["set", example] }];
  }
  return issues.flatMap((issue): Finding[] => {
    const path = pathText([name, ...issue.path]);
    if (issue.code === "unrecognized_keys") {
      return issue.keys.map((key) => ({
        setting: `${path}.${key}`,
        problem: `is not a setting${sibling(key, name)}`,
        mend: ["rm", `--path ${path}.${key}`],
      }));
    }
    return [
      { setting: path, problem: sentence(issue), mend: ["set", command(path, name, example)] },
    ];
  });
}

/** The names inside the structured settings, for near misses. */
const inside: Readonly<Record<string, readonly string[]>> = {
  dns: [
    ...["provider", "project", "zone", "grant", "serviceAccountKey", "workloadIdentity"],
    ...["accountId", "expiresOn", "allowedIps", "apiToken"],
    ...["proofTimeout", "rotation", "maxAgeDays"],
  ],
  ingress: ["mode", "gatewayName", "gatewayNamespace", "className"],
  attributes: ["key", "value"],
};

function sibling(key: string, name: string): string {
  const names = inside[name] ?? [];
  if (names.includes(key)) {
    return " of this provider or mode";
  }
  const meant = names.length === 0 ? key : closest(key, [...names]);
  return meant !== key && distance(key, meant) <= nearMiss ? `; it is called ${meant}` : "";
}

function sentence({ message }: z.core.$ZodIssue): string {
  return message.includes("received undefined")
    ? "is missing"
    : message.replace(/^Invalid (input|option|discriminator value)[:.]? */i, "is not right: ");
}

function command(path: string, name: string, example: string): string {
  if (path === name || example.includes(path)) {
    return example;
  }
  return secretPaths.includes(path)
    ? `--path --secret ${path}`
    : `--path ${path.includes("[") ? `'${path}'` : path} <value>`;
}

function pathText(path: readonly PropertyKey[]): string {
  return path
    .map((part, index) =>
      typeof part === "number" ? `[${part}]` : `${index === 0 ? "" : "."}${String(part)}`,
    )
    .join("");
}
