import type { CoreV1Api } from "@kubernetes/client-node";
import * as pulumi from "@pulumi/pulumi";
import { unlessMissing } from "../lib/kubernetesApi.ts";
import { shell } from "../lib/shell.ts";
import { resourceHook } from "./hook.ts";

/** The annotation of the wallet's Secret with the stack that owns it. */
export const ownerAnnotation = "akash-provider-letsencrypt/stack";

/** This stack, as in {@link ownerAnnotation}. */
export function owner(): string {
  return `${pulumi.getProject()}/${pulumi.getStack()}`;
}

/** A wallet's Secret before its creation. */
export interface WalletSecret {
  readonly namespace: string;
  readonly name: string;
  /** Name of the Helm release that uses the Secret. */
  readonly releaseName: string;
}

/**
 * Refuses to take over another stack's provider.
 *
 * Server-side apply does not distinguish between creating and changing an object. Two stacks with the same namespace and
 * release name would therefore share their Secrets, and destroying one stack would delete the Secrets of the other.
 *
 * @param secret the wallet's Secret before its creation
 * @param found the annotations of the existing Secret; none where it does not exist
 * @param self this stack
 * @throws RunError when another stack owns the Secret
 */
export function refuseOtherOwner(
  { namespace, releaseName }: WalletSecret,
  found: Readonly<Record<string, string>> | undefined,
  self: string,
): void {
  const other = found?.[ownerAnnotation];
  if (other !== undefined && other !== self) {
    const stack = other.split("/").at(-1) ?? other;
    throw new pulumi.RunError(
      `The release ${releaseName} in namespace ${namespace} belongs to the stack ${other}. A cluster can have only one provider: ` +
        `destroy that stack first (${shell`pulumi destroy -s ${stack} --run-program`}), or change the CA of that stack (${shell`pulumi config set -s ${stack} acmeDirectory production`})`,
    );
  }
}

/**
 * A hook before the creation of the wallet's Secret; see {@link refuseOtherOwner}.
 *
 * @param name the hook's name
 * @param cluster the Secret's cluster
 * @param releaseName name of the Helm release that uses the Secret
 */
export function ownerHook(
  name: string,
  cluster: { readonly coreApi: () => Promise<CoreV1Api> },
  releaseName: string,
): pulumi.ResourceHook {
  return resourceHook(name, async ({ newInputs }) => {
    const { metadata } = newInputs as {
      readonly metadata: { readonly namespace: string; readonly name: string };
    };
    const { namespace, name } = metadata;
    const core = await cluster.coreApi();
    const found = await unlessMissing(core.readNamespacedSecret({ namespace, name }));
    refuseOtherOwner({ namespace, name, releaseName }, found?.metadata?.annotations, owner());
  });
}
