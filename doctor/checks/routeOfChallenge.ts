import type { KubernetesObject } from "../../chart/manifest.ts";
import type { Context } from "../check.ts";
import type { Expectation } from "../expectation.ts";
import { ifSeen } from "../finding.ts";
import { deployedRevision, objectsOf } from "./deployed.ts";

/** The name of the HTTPRoute or Ingress that leads port 80 to the provider, as the chart gives it. */
export function routeName({ names }: Expectation): string {
  return `${names.fullname}-letsencrypt-challenge`;
}

/** The HTTPRoute or Ingress of the challenge as the release has applied it, whichever it is; undefined without one. */
export async function releasedRoute({
  expected,
  cluster,
}: Pick<Context, "expected" | "cluster">): Promise<KubernetesObject | undefined> {
  const revision = await ifSeen(deployedRevision(cluster));
  return (revision === undefined ? [] : objectsOf(revision)).find(
    ({ metadata }) => metadata?.name === routeName(expected),
  );
}
