import type { V1Secret } from "@kubernetes/client-node";
import type { ReleaseNames } from "../../chart/release.ts";
import type { HelmRecord } from "../../lib/helmRecord.ts";
import { isMap, isUnset, type ValueMap } from "../../lib/json.ts";
import { leaves, valueAt } from "../../lib/tree.ts";
import { liveCredentials, secretText } from "./liveSecrets.ts";

/** A file's values, completed with those of the release. */
export interface CompletedValues {
  readonly values: ValueMap;
  /** The paths of the values from the release. */
  readonly taken: readonly string[];
}

/**
 * The file's values, and from the release those that the file does not contain: values set with `--set`, such as the bid
 * price script. An empty value has no effect, except that it removes one of the chart's own values. A list in the file
 * replaces the release's list.
 *
 * @param live the release's Secrets, by name: the credentials may already be removed from Helm's history
 */
export function completedValues(
  file: ValueMap,
  release: HelmRecord,
  live: ReadonlyMap<string, V1Secret>,
  names: ReleaseNames,
): CompletedValues {
  const taken: string[] = [];
  const defaults = release.chart.values ?? {};
  const isTaken = (inFile: unknown, inRelease: unknown, path: readonly string[]) =>
    inRelease === null
      ? inFile === undefined && !isUnset(valueAt(defaults, path.join(".")))
      : !isSet(inFile) && isSet(inRelease);
  const values = merge(file, release.config ?? {}, [], { isTaken, taken });
  const credentials = Object.entries(liveCredentials(names)).flatMap(
    ([setting, { path, secret, key }]) => {
      const present = live.get(secret);
      const text = present && secretText(present, key);
      return isSet(valueAt(values, path)) || text === undefined || !isRead(setting, path, values)
        ? []
        : [{ path, value: setting.startsWith("wallet") ? encoded(text) : text }];
    },
  );
  return {
    values: credentials.reduce(
      (all, { path, value }) => withValue(all, path.split("."), value),
      values,
    ),
    taken: [...taken, ...credentials.map(({ path }) => path)],
  };
}

interface Taking {
  readonly isTaken: (inFile: unknown, inRelease: unknown, path: readonly string[]) => boolean;
  /** Collects the paths of the taken values. */
  readonly taken: string[];
}

function merge(
  file: ValueMap,
  release: ValueMap,
  path: readonly string[],
  taking: Taking,
): ValueMap {
  const added = Object.entries(release).flatMap(([name, inRelease]): [string, unknown][] => {
    const inFile = file[name];
    const inside = [...path, name];
    if (isMap(inRelease) && (isMap(inFile) || !isSet(inFile))) {
      const merged = merge(isMap(inFile) ? inFile : {}, inRelease, inside, taking);
      return Object.keys(merged).length === 0 ? [] : [[name, merged]];
    }
    if (!taking.isTaken(inFile, inRelease, inside)) {
      return [];
    }
    taking.taken.push(...leaves(inRelease, {}, inside).map(([leaf]) => leaf));
    return [[name, inRelease]];
  });
  return { ...file, ...Object.fromEntries(added) };
}

function isSet(value: unknown): boolean {
  return isMap(value)
    ? Object.values(value).some(isSet)
    : value !== undefined && value !== null && value !== "";
}

/** A DNS credential is in use where its provider is enabled. */
function isRead(setting: string, path: string, values: ValueMap): boolean {
  const provider = path.split(".").slice(0, 3).join(".");
  return setting.startsWith("wallet") || Boolean(valueAt(values, `${provider}.enabled`));
}

function encoded(text: string): string {
  return Buffer.from(text).toString("base64");
}

function withValue(
  tree: ValueMap,
  [key = "", ...rest]: readonly string[],
  value: unknown,
): ValueMap {
  const inside = tree[key];
  return {
    ...tree,
    [key]: rest.length === 0 ? value : withValue(isMap(inside) ? inside : {}, rest, value),
  };
}
