import * as pulumi from "@pulumi/pulumi";
import type { Cluster } from "./cluster.ts";

/**
 * The caller's options, with the cluster's provider for all children. Another Kubernetes provider would deploy them to a
 * cluster that no hook checks. As `provider`, it would take precedence over `providers`.
 */
export function inCluster(
  cluster: Cluster,
  { provider, ...opts }: pulumi.ComponentResourceOptions = {},
): pulumi.ComponentResourceOptions {
  const callers = pulumi.mergeOptions(opts, {
    providers: provider === undefined ? [] : [provider],
  });
  return pulumi.mergeOptions(callers, { providers: [cluster.provider] });
}
