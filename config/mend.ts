import { shellWord } from "../lib/clusterCommand.ts";
import { metaOf } from "./options.ts";

/** A problem and the part of `pulumi config` that mends it: the verb and what follows the stack. */
export interface SettingProblem {
  readonly setting: string;
  readonly problem: string;
  readonly mend: readonly ["set" | "rm", string];
  /**
   * What follows `pulumi config rm` and the stack in a command that must come before, where what is there is in the way:
   * Pulumi sets nothing inside a text. Default: none.
   */
  readonly removeFirst?: string | undefined;
}

/**
 * What stands in a command for what nobody but the reader knows. In quotes, so that a shell takes it as it is: one in angle
 * brackets would be a redirection.
 */
export function placeholder(name: string): string {
  return `'${name.toUpperCase()}'`;
}

/** The commands that mend a problem on a stack, to paste. */
export function mendCommand({ mend, removeFirst }: SettingProblem, stack: string): string {
  const first = removeFirst === undefined ? [] : [["rm", removeFirst] as const];
  return configCommands([...first, mend], stack);
}

/** Commands of `pulumi config`, each by its verb and what follows the stack, as one to paste. */
export function configCommands(
  steps: readonly (readonly [verb: string, rest: string])[],
  stack: string,
): string {
  return steps
    .map(([verb, rest]) => `pulumi config ${verb} -s ${shellWord(stack)} ${rest}`)
    .join(" && ");
}

/** The setting that a step of {@link configCommands} changes inside; undefined for one that changes it as a whole. */
export function settingInside([, rest]: readonly [verb: string, rest: string]): string | undefined {
  return /^--path (?:--secret )?'?(\w+)/.exec(rest)?.[1];
}

/** What follows `pulumi config set` and the stack in the command that sets a setting, or a credential inside one. */
export function setExample(path: string): string {
  const { secret, file, examples } = metaOf(path);
  if (secret === true) {
    return file === undefined ? setEncrypted(path) : `${setEncrypted(path)} < ${file}`;
  }
  return setValue([path], examples?.[0]);
}

/**
 * The same at a place inside a setting.
 *
 * @param place the setting, and keys and indexes inside it
 * @param example a value that it may have; of an object or a list, the first one inside is set. Default: a placeholder
 */
export function setValue(place: readonly PropertyKey[], example: unknown): string {
  const [leaf, value] = firstLeaf(place, example);
  const text = value === undefined ? placeholder("value") : String(value);
  return `${leaf.length === 1 ? "" : "--path "}${pathWord(leaf)} ${text}`;
}

/** What removes a place inside a setting, likewise. */
export function removed(place: readonly PropertyKey[]): string {
  return place.length === 1 ? pathWord(place) : `--path ${pathWord(place)}`;
}

function pathWord(place: readonly PropertyKey[]): string {
  return shellWord(pathText(place));
}

/** The same where the credential is there, and only has to be encrypted. */
export function setEncrypted(path: string): string {
  return `${path.includes(".") ? "--path " : ""}--secret ${path}`;
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
