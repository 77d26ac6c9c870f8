import { objectsIn, parseManifest, type KubernetesObject } from "../../chart/manifest.ts";
import type { ClusterFacts } from "../facts/clusterFacts.ts";
import type { Revision } from "../facts/helmRelease.ts";
import { NotAvailable } from "../finding.ts";

/**
 * The revision whose objects are in the cluster: the last deployed one, even if a later one has failed.
 *
 * @throws NotAvailable when there is none
 */
export async function deployedRevision({ revisions }: Pick<ClusterFacts, "revisions">) {
  const revision = (await revisions()).findLast(({ status }) => status === "deployed");
  if (revision === undefined) {
    throw new NotAvailable("no revision of the release is deployed");
  }
  return revision;
}

/** The objects that a revision has applied. */
export function objectsOf({ manifest }: Revision): KubernetesObject[] {
  return objectsIn(parseManifest(manifest));
}
