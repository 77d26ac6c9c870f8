import * as pulumi from "@pulumi/pulumi";
import type { Config } from "../config/index.ts";
import { coreApi, unlessMissing } from "./coreApi.ts";

/** The annotation of the wallet's Secret that says which stack it belongs to. */
export const ownerAnnotation = "akash-provider-letsencrypt/stack";

/** This stack, as {@link ownerAnnotation} names it. */
export function owner(): string {
  return `${pulumi.getProject()}/${pulumi.getStack()}`;
}

/**
 * A hook for before the wallet's Secret is made, which refuses to take over another stack's provider.
 *
 * Server-side apply makes no difference between making an object and changing it, so two stacks with one namespace and
 * one release name would share their Secrets, and destroying one would take the other's.
 *
 * @param name the hook's name
 * @param config the stack's configuration
 * @param secretName name of the wallet's Secret
 */
export function ownerHook(
  name: string,
  { namespace, releaseName, kubeContext }: Config,
  secretName: string,
): pulumi.ResourceHook {
  return new pulumi.ResourceHook(name, async () => {
    const core = await coreApi(kubeContext);
    const found = await unlessMissing(core.readNamespacedSecret({ namespace, name: secretName }));
    const other = found?.metadata?.annotations?.[ownerAnnotation];
    if (other !== undefined && other !== owner()) {
      const stack = other.split("/").at(-1) ?? other;
      throw new pulumi.RunError(
        `The release ${releaseName} in namespace ${namespace} belongs to the stack ${other}. A cluster has one provider: ` +
          `destroy that stack first (pulumi destroy -s ${stack} --run-program), or change the CA in it (pulumi config set -s ${stack} acmeDirectory production)`,
      );
    }
  });
}
