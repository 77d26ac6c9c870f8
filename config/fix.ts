import { joined, placeholder, shell, verbatim, type ShellText } from "../lib/shell.ts";
import { metaOf } from "./options.ts";

/** A problem and the part of `pulumi config` that fixes it: the verb and the arguments after the stack. */
export interface SettingProblem {
  readonly setting: string;
  readonly problem: string;
  readonly fix: readonly ["set" | "rm", ShellText];
  /** The same for a command that permits the value instead. Default: the value cannot be permitted. */
  readonly permit?: SettingProblem["fix"] | undefined;
  /** Whether a provider can run with the value: the problem is a warning where `accept` names the setting. Default: no. */
  readonly isAcceptable?: boolean | undefined;
  /**
   * The arguments of `pulumi config rm` after the stack, for a command that must run first to remove the present value:
   * Pulumi sets nothing inside a text. Default: none.
   */
  readonly removeFirst?: ShellText | undefined;
}

/** The commands that fix a problem of a stack, to paste. */
export function fixCommand({ fix, removeFirst }: SettingProblem, stack: string): ShellText {
  const first = removeFirst === undefined ? [] : [["rm", removeFirst] as const];
  return configCommands([...first, fix], stack);
}

/** A step of `pulumi config`: its verb, and the arguments after the stack. */
export type ConfigStep = readonly [verb: string, rest: ShellText];

/** Steps of `pulumi config` as one command to paste. */
export function configCommands(steps: readonly ConfigStep[], stack: string): ShellText {
  return joined(
    steps.map(([verb, rest]) => shell`pulumi config ${verb} -s ${stack} ${verbatim(rest)}`),
    " && ",
  );
}

/** The setting inside which a step of {@link configCommands} changes a value; undefined for a step for a whole setting. */
export function settingInside([, rest]: ConfigStep): string | undefined {
  return /^--path (?:--secret )?'?(\w+)/.exec(rest)?.[1];
}

/** The arguments of `pulumi config set` after the stack that set a setting, or a credential inside one. */
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
 * The same for a place inside a setting.
 *
 * @param place the setting, and keys and indexes inside it
 * @param example a valid value; of an object or a list, its first value is set. Default: a placeholder
 */
export function setValue(place: readonly PropertyKey[], example: unknown): ShellText {
  const [leaf, value] = firstLeaf(place, example);
  const text = value === undefined ? placeholder("value") : String(value);
  return shell`${verbatim(removed(leaf))} ${text}`;
}

/** The arguments of `pulumi config rm` after the stack that remove a place inside a setting. */
export function removed(place: readonly PropertyKey[]): ShellText {
  const path = pathText(place);
  return place.length === 1 ? shell`${path}` : shell`--path ${path}`;
}

/** The arguments of `pulumi config set` after the stack for a credential that exists, and only has to be encrypted. */
export function setEncrypted(path: string): ShellText {
  return path.includes(".") ? shell`--path --secret ${path}` : shell`--secret ${path}`;
}

/** A place inside a setting in the form of `pulumi config --path`. */
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

/** The first value inside a value that is not a map or list, with its place: enough to create the outer value. */
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
