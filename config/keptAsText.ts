import { parseJson } from "../lib/json.ts";
import { joined, shell, verbatim } from "../lib/shell.ts";
import { pathText, setEncrypted, type ConfigStep } from "./fix.ts";
import { isStructured, optionsOf, secretPaths } from "./options.ts";
import { settings, type SettingName } from "./settings.ts";
import type { ConfigSource } from "./source.ts";

/**
 * Whether the stack's file has an object or a list as a single text, as after `pulumi config set attributes '[…]'`. Pulumi
 * passes both forms as the same text. With `--path` Pulumi replaces such a text with a new object or list, without the
 * text's content (pulumi/pulumi, sdk/go/common/resource/config/object.go, Set).
 */
export function isKeptAsText(name: string, { values, keptAsText }: ConfigSource): boolean {
  const value = parseJson(values[name]);
  // In a setting without options, such as chart values, credentials cannot be identified.
  const hasOptions = isSetting(name) && isStructured(name) && optionsOf(name).length > 0;
  if (!hasOptions || typeof value !== "object" || value === null) {
    return false;
  }
  return keptAsText?.(name) ?? values[name] !== goJson(value);
}

/**
 * The steps of `pulumi config` that convert such a text to its object or list. They show only known options without
 * credentials: Pulumi prompts for a credential again.
 *
 * @returns the verbs, each with the arguments after the stack
 */
export function intoStructure(name: string, { values }: ConfigSource): readonly ConfigStep[] {
  const all = leavesOf([name], parseJson(values[name]));
  const option = (place: readonly PropertyKey[]) =>
    pathText(place.filter((part) => typeof part !== "number"));
  const known = optionsOf(name as SettingName).map((one) => `${name}.${one.name}`);
  const credentials = all
    .map(([place]) => option(place))
    .filter((path) => secretPaths().includes(path));
  const isItem = (place: readonly PropertyKey[]) => typeof place.at(-1) === "number";
  const plain = all.filter(
    ([place]) =>
      (known.includes(option(place)) && !credentials.includes(option(place))) || isItem(place),
  );
  const pairs = plain.map(([place, value]) => {
    // A placeholder item keeps the indexes of the items after it.
    const text = known.includes(option(place)) ? String(value) : "VALUE";
    return shell`--plaintext ${`${pathText(place)}=${text}`}`;
  });
  return [
    ["rm", shell`${name}`],
    ...(pairs.length === 0
      ? []
      : [["set-all", shell`--path ${verbatim(joined(pairs, " "))}`] as const]),
    ...credentials.map((path) => ["set", setEncrypted(path)] as const),
  ];
}

function isSetting(name: string): name is SettingName {
  return Object.hasOwn(settings, name);
}

/** The values inside a value that are not maps or lists, with their places; empty values are left out. */
function leavesOf(
  place: readonly PropertyKey[],
  value: unknown,
): (readonly [place: readonly PropertyKey[], value: unknown])[] {
  if (Array.isArray(value)) {
    return value.flatMap((item: unknown, index) => leavesOf([...place, index], item));
  }
  if (typeof value === "object" && value !== null) {
    return Object.entries(value).flatMap(([key, inner]) => leavesOf([...place, key], inner));
  }
  return value === null || value === undefined ? [] : [[place, value]];
}

/** JSON as Pulumi writes it: sorted keys, no spaces, and HTML characters as escapes (encoding/json). */
function goJson(value: unknown): string {
  const sorted = (_: string, inner: unknown): unknown =>
    typeof inner === "object" && inner !== null && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)))
      : inner;
  return JSON.stringify(value, sorted).replace(
    /[<>&\u2028\u2029]/g,
    (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}
