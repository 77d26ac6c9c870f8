import { parseJson } from "../lib/json.ts";
import { joined, shell, verbatim } from "../lib/shell.ts";
import { pathText, setEncrypted, type ConfigStep } from "./mend.ts";
import { isStructured, optionsOf, secretPaths } from "./options.ts";
import { settings, type SettingName } from "./settings.ts";
import type { ConfigSource } from "./source.ts";

/**
 * Whether the stack's file has a setting as one text that says an object or a list, as after
 * `pulumi config set attributes '[…]'`. Pulumi hands both over as the same text. With `--path` it puts a new object or list
 * in the place of such a text, without what the text says (pulumi/pulumi, sdk/go/common/resource/config/object.go, Set).
 */
export function isKeptAsText(name: string, { values, keptAsText }: ConfigSource): boolean {
  const value = parseJson(values[name]);
  if (!isSetting(name) || !isStructured(name) || typeof value !== "object" || value === null) {
    return false;
  }
  return keptAsText?.(name) ?? values[name] !== goJson(value);
}

/**
 * What follows `pulumi config` and its verb in the commands that make of such a text the object or list that it says. What
 * is encrypted is shown by no message: Pulumi asks for a credential again.
 *
 * @returns the verbs, each with what follows the stack
 */
export function intoStructure(
  name: string,
  { values, secrets }: ConfigSource,
): readonly ConfigStep[] {
  const all = leavesOf([name], parseJson(values[name]));
  const option = (place: readonly PropertyKey[]) =>
    pathText(place.filter((part) => typeof part !== "number"));
  const known = optionsOf(name as SettingName).map((one) => `${name}.${one.name}`);
  const credentials = all
    .map(([place]) => option(place))
    .filter((path) => secretPaths().includes(path));
  const plain = all.filter(
    ([place]) =>
      !credentials.includes(option(place)) && (!secrets.has(name) || known.includes(option(place))),
  );
  const pairs = plain.map(
    ([place, value]) => shell`--plaintext ${`${pathText(place)}=${String(value)}`}`,
  );
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

/** The values inside a value that are no maps or lists, with their places; what is empty is none. */
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

/** JSON as Pulumi writes it: keys in their order, no spaces, and what HTML has as escapes (encoding/json). */
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
