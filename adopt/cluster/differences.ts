import { isDeepStrictEqual } from "node:util";
import type { V1Secret } from "@kubernetes/client-node";
import type { ReleaseNames } from "../../chart/release.ts";
import type { HelmRecord } from "../../lib/helmRecord.ts";
import type { ValueMap } from "../../lib/json.ts";
import { leaves } from "../../lib/tree.ts";
import { liveCredentials, secretText } from "./liveSecrets.ts";

/** A difference between the file and the release. */
export interface Difference {
  readonly path: string;
  readonly how: "only in the file" | "only in the release" | "not the same in the release";
}

/** The inputs of the comparison. */
export interface Compared {
  readonly values: ValueMap;
  /** The credentials in the file, by setting. */
  readonly secrets: Readonly<Record<string, string>>;
  readonly release: HelmRecord;
  /** The release's Secrets, by name. */
  readonly live: ReadonlyMap<string, V1Secret>;
  readonly names: ReleaseNames;
}

/**
 * Compares the file with the release: values set with `--set`, such as the bid price script, are only in the release.
 * Returns paths and no values.
 */
export function differences(compared: Compared): readonly Difference[] {
  return [...valueDifferences(compared), ...credentialDifferences(compared)];
}

function valueDifferences({ values, release, names }: Compared): Difference[] {
  const credentials = new Set(Object.values(liveCredentials(names)).map(({ path }) => path));
  const comparable = (tree: ValueMap) =>
    new Map(
      leaves(tree).filter(
        ([path, value]) => path !== "" && value !== null && !credentials.has(path),
      ),
    );
  const inFile = comparable(values);
  const inRelease = comparable(release.config ?? {});
  return [...new Set([...inFile.keys(), ...inRelease.keys()])].flatMap((path): Difference[] => {
    if (!inRelease.has(path)) {
      return [{ path, how: "only in the file" }];
    }
    if (!inFile.has(path)) {
      return [{ path, how: "only in the release" }];
    }
    return isDeepStrictEqual(inFile.get(path), inRelease.get(path))
      ? []
      : [{ path, how: "not the same in the release" }];
  });
}

/** The credentials are compared with the Secrets, since they may already be removed from Helm's history. */
function credentialDifferences({ secrets, live, names }: Compared): Difference[] {
  return Object.entries(liveCredentials(names)).flatMap(
    ([setting, { path, secret, key }]): Difference[] => {
      const wanted = secrets[setting];
      const present = live.get(secret);
      if (wanted === undefined) {
        return [];
      }
      if (present === undefined) {
        return [{ path, how: "only in the file" }];
      }
      return secretText(present, key)?.trim() === wanted.trim()
        ? []
        : [{ path, how: "not the same in the release" }];
    },
  );
}
