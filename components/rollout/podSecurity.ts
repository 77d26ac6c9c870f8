import type { CoreV1Api, V1Pod } from "@kubernetes/client-node";
import { getStack, RunError } from "@pulumi/pulumi";
import { podSecurityLabel } from "../../chart/release.ts";
import type { CommandTarget } from "../../lib/clusterCommand.ts";
import { messageOf } from "../../lib/errors.ts";
import { unlessMissing } from "../../lib/kubernetesApi.ts";
import { printableLine } from "../../lib/printable.ts";
import { joined, shell } from "../../lib/shell.ts";
import { admitPods } from "./obstacles.ts";

/** A pod with the chart's volume that only the level `privileged` admits. The pod is never created. */
const probe: V1Pod = {
  metadata: { generateName: "pod-security-" },
  spec: {
    automountServiceAccountToken: false,
    containers: [{ name: "probe", image: "registry.k8s.io/pause" }],
    volumes: [{ name: "provider-config-volume", hostPath: { path: "/root/.akash/k8s-config" } }],
  },
};

/**
 * Refuses a namespace that does not admit the provider's pod, before Helm waits for the pod in vain.
 *
 * Checks by a dry run, since the namespace's label does not suffice: the cluster may have another default, and exemptions
 * (https://kubernetes.io/docs/tasks/configure-pod-container/enforce-standards-admission-controller). Without the permission
 * to create pods, the label counts.
 *
 * @param core the cluster's API
 * @param target the namespace, and the cluster for commands
 * @throws RunError when the namespace does not admit the pod; not when the namespace does not exist yet
 */
export async function refuseUnlessAdmitted(
  core: Pick<CoreV1Api, "readNamespace" | "createNamespacedPod">,
  target: CommandTarget & { readonly namespace: string },
): Promise<void> {
  const { namespace } = target;
  const found = await unlessMissing(core.readNamespace({ name: namespace }));
  if (found === undefined) {
    return;
  }
  const level = found.metadata?.labels?.[podSecurityLabel.name];
  const refusal = await refusalOf(core, namespace, level);
  if (refusal !== undefined) {
    throw new RunError(
      `The namespace ${namespace} does not admit the provider's pod, which has a hostPath volume: ${printableLine(refusal)}. ` +
        `Helm was not started. Admit the pod and deploy: ${joined([admitPods(target), shell`pulumi up -s ${getStack()}`], " && ")}`,
    );
  }
}

async function refusalOf(
  core: Pick<CoreV1Api, "createNamespacedPod">,
  namespace: string,
  level: string | undefined,
): Promise<string | undefined> {
  try {
    await core.createNamespacedPod({ namespace, body: probe, dryRun: "All" });
    return undefined;
  } catch (error) {
    const [, words] = /(violates PodSecurity "[^"]*": [^)]*\))/.exec(messageOf(error)) ?? [];
    // Another refusal, such as by a quota or for a missing permission, is not about the pod's volumes.
    const isOther = level === undefined || level === podSecurityLabel.value;
    return words ?? (isOther ? undefined : `its label ${podSecurityLabel.name} is ${level}`);
  }
}
