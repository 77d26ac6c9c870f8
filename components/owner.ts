import type { CoreV1Api } from "@kubernetes/client-node";
import * as pulumi from "@pulumi/pulumi";
import { unlessMissing } from "../lib/kubernetesApi.ts";
import { shell } from "../lib/shell.ts";
import { resourceHook } from "./hook.ts";

/** The annotation of the wallet's Secret that says which stack it belongs to. */
export const ownerAnnotation = "akash-provider-letsencrypt/stack";

/** This stack, as {@link ownerAnnotation} names it. */
export function owner(): string {
  return `${pulumi.getProject()}/${pulumi.getStack()}`;
}

/** A wallet's Secret that is about to be made. */
export interface WalletSecret {
  readonly namespace: string;
  readonly name: string;
  /** Name of the Helm release that it is for. */
  readonly releaseName: string;
}

/**
 * Refuses to take over another stack's provider.
 *
 * Server-side apply makes no difference between making an object and changing it, so two stacks with one namespace and
 * one release name would share their Secrets, and destroying one would take the other's.
 *
 * @param secret the wallet's Secret that is about to be made
 * @param found the annotations of the one that is there; none where there is none
 * @param self this stack
 * @throws RunError when it is another's
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
      `The release ${releaseName} in namespace ${namespace} belongs to the stack ${other}. A cluster has one provider: ` +
        `destroy that stack first (${shell`pulumi destroy -s ${stack} --run-program`}), or change the CA in it (${shell`pulumi config set -s ${stack} acmeDirectory production`})`,
    );
  }
}

/**
 * A hook for before the wallet's Secret is made; see {@link refuseOtherOwner}.
 *
 * @param name the hook's name
 * @param cluster where the Secret is made
 * @param releaseName name of the Helm release that it is for
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
