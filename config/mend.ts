import { shellWord } from "../lib/clusterCommand.ts";
import { metaOf } from "./options.ts";

/** A problem and the part of `pulumi config` that mends it: the verb and what follows the stack. */
export interface SettingProblem {
  readonly setting: string;
  readonly problem: string;
  readonly mend: readonly ["set" | "rm", string];
}

/** What follows `pulumi config set` and the stack in the command that sets a setting, or a credential inside one. */
export function setExample(path: string): string {
  const { secret, file, examples } = metaOf(path);
  if (secret === true) {
    return file === undefined ? setEncrypted(path) : `${setEncrypted(path)} < ${file}`;
  }
  const [place, value] = firstLeaf([path], examples?.[0]);
  return `${place.length === 1 ? "" : "--path "}${shellWord(pathText(place))} ${String(value)}`;
}

/** The same where the credential is there, and only has to be encrypted. */
export function setEncrypted(path: string): string {
  return `${path.includes(".") ? "--path " : ""}--secret ${path}`;
}

/** A place inside a setting as `pulumi config --path` has it. */
export function pathText(place: readonly PropertyKey[]): string {
  return place
    .map((part, index) =>
      typeof part === "number" ? `[${part}]` : `${index === 0 ? "" : "."}${String(part)}`,
    )
    .join("");
}

/** The first value inside a value that is no map or list, with its place: enough to begin the value with. */
function firstLeaf(
  place: readonly PropertyKey[],
  value: unknown,
): [readonly PropertyKey[], unknown] {
  if (typeof value !== "object" || value === null) {
    return [place, value];
  }
  const [[key, first] = ["", undefined]] = Object.entries(value);
  return firstLeaf([...place, Array.isArray(value) ? Number(key) : key], first);
}
