import type { KubernetesObject } from "../../chart/manifest.ts";
import type { Context } from "../check.ts";
import type { Expectation } from "../expectation.ts";
import { ifAvailable } from "../finding.ts";
import { deployedRevision, objectsOf } from "./deployed.ts";

/** The chart's name of the HTTPRoute or Ingress that routes port 80 to the provider. */
export function routeName({ names }: Expectation): string {
  return `${names.fullname}-letsencrypt-challenge`;
}

/** The challenge's HTTPRoute or Ingress in the release's manifest; undefined if there is none. */
export async function releasedRoute({
  expected,
  cluster,
}: Pick<Context, "expected" | "cluster">): Promise<KubernetesObject | undefined> {
  const revision = await ifAvailable(deployedRevision(cluster));
  return (revision === undefined ? [] : objectsOf(revision)).find(
    ({ metadata }) => metadata?.name === routeName(expected),
  );
}
