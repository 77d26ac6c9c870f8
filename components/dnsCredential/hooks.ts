import * as pulumi from "@pulumi/pulumi";
import { digestOf } from "../../dns/credential.ts";
import { orphansNotChecked, type CredentialInventory } from "../../dns/orphans.ts";
import type { CloudAccess } from "../../dns/access.ts";
import type { Cluster } from "../cluster.ts";
import { refuseMissingRights, refuseUnreachable } from "../clusterRights.ts";
import { withRemovalCommands } from "../goneCluster.ts";
import { refuseUnusableIngress } from "../ingressCertificate/preconditions.ts";
import { resolved } from "../resolved.ts";
import { stackAccess } from "../stackAccess.ts";
import { cloudflareToken } from "./cloudflare/token.ts";
import type { CredentialConsumer } from "./consumer.ts";
import { consumerState } from "./consumerState.ts";
import type { DnsCredential } from "./credential.ts";
import type { CredentialResource } from "./credentialResource.ts";
import { googleCloudKey } from "./googleCloud/key.ts";
import { Rotation } from "./rotation.ts";
import { resourceHook } from "../hook.ts";

/** The consumers of a credential, and how its hooks reach them. */
export interface CredentialProtection {
  /** The cluster of all consumers. */
  readonly cluster: Cluster;
  /** The consumers of the credential. The Secret of the first one has the rotation's annotations. */
  readonly consumers: readonly CredentialConsumer[];
  /** Endpoints and identities for the hooks' own API calls. Default: those of the stack's plugins, else of the environment. */
  readonly access?: CloudAccess | undefined;
}

/** The types of resources that are a credential, by type token. */
const credentialResources: Readonly<Record<string, CredentialResource>> = {
  ...googleCloudKey,
  ...cloudflareToken,
};

/**
 * Registers the hook that prevents the deletion of a credential while a consumer uses it.
 *
 * Pulumi finds a delete hook by its name in the state, even when the credential's component is no longer part of the
 * program: after a switch to HTTP-01 or to the other DNS provider. Therefore register the hook in every run, and pass it to
 * the component where there is one. `pulumi destroy` needs `--run-program` for it.
 *
 * @param component the name of the component that creates or created the credential
 * @param protection see {@link CredentialProtection}
 */
export function credentialDeleteHook(
  component: string,
  { cluster, consumers, access = stackAccess() }: CredentialProtection,
): pulumi.ResourceHook {
  const rotation = rotationOf(cluster, consumers);
  return resourceHook(`${component}-credential-delete`, async (args) => {
    await cluster.refuseOther();
    const resource = credentialResources[args.type];
    const content = await resource?.content(args.oldOutputs ?? {});
    try {
      await rotation.refuseWhileInUse(content === undefined ? undefined : digestOf(content));
    } catch (error) {
      throw new pulumi.RunError(withRemovalCommands(error));
    }
    await resource?.remove?.(args, access);
  });
}

/**
 * A hook before the creation of resources at the DNS provider, which fails where the provider would refuse a later step.
 * The hook runs in previews, too, so that `pulumi up` fails before any change. It runs only before a creation, so that a
 * deployed stack is unaffected.
 *
 * The cluster and the permissions in it are checked first: without them the credential would be created, but not used.
 *
 * @param subject the resource that will be created, for the hook's name
 * @param protection its consumers
 * @param refuse throws when the DNS provider would refuse the creation; called once in a run
 */
export function possibleHook(
  subject: string,
  { cluster, consumers }: CredentialProtection,
  refuse: (args: pulumi.ResourceHookArgs) => Promise<void>,
): pulumi.ResourceHook {
  let asked: Promise<void> | undefined;
  return resourceHook(
    `${subject}-possible`,
    async (args) => {
      await refuseUnreachable(cluster);
      for (const { namespace, release, certificate, secret = "" } of consumers) {
        if (release !== undefined) {
          await refuseMissingRights(cluster, { namespace, names: release });
        }
        if (certificate !== undefined) {
          await refuseUnusableIngress(cluster, certificate, secret);
        }
      }
      await (asked ??= refuse(args));
    },
    { onDryRun: true },
  );
}

/**
 * The hooks of the credential's resource, a key or a token.
 *
 * @param component the name of the component that creates the credential
 * @param protection see {@link CredentialProtection}
 * @param inventory the credentials that the component has created, including those that are not in the state
 * @param beforeDelete the component's {@link credentialDeleteHook}
 * @param possible the component's {@link possibleHook}. Default: none
 */
export function credentialHooks(
  component: string,
  { cluster, consumers }: CredentialProtection,
  inventory: () => Promise<CredentialInventory>,
  beforeDelete: pulumi.ResourceHook,
  possible?: pulumi.ResourceHook,
): pulumi.ResourceHookBinding {
  const rotation = rotationOf(cluster, consumers);
  return {
    beforeCreate: [
      ...(possible === undefined ? [] : [possible]),
      resourceHook(`${component}-credential-create`, async () => {
        // In another cluster no consumer uses the credential in use, so it would be deleted as an orphan.
        await cluster.refuseOther();
        await rotation.makeRoom(await inventory());
      }),
    ],
    afterCreate: [
      resourceHook(`${component}-credential-created`, ({ id }) => rotation.noteNext(id)),
    ],
    beforeDelete: [beforeDelete],
  };
}

/**
 * The credential's id, after an `up` has deleted the orphans of interrupted runs.
 *
 * An `apply` deletes them, since no hook can: after a run that was killed between the creation and the DNS provider's
 * answer, no resource is created, updated or deleted, and hooks run only with such steps. A failure prints a warning, never
 * an error.
 *
 * @param id the credential's id at the DNS provider
 * @param protection see {@link CredentialProtection}
 * @param inventory the credentials that the component has created
 */
export function idOnceOrphansAreRemoved(
  id: pulumi.Output<string>,
  { cluster, consumers }: CredentialProtection,
  inventory: () => Promise<CredentialInventory>,
): pulumi.Output<string> {
  return id.apply(async (current) => {
    if (!pulumi.runtime.isDryRun()) {
      try {
        await rotationOf(cluster, consumers).removeOrphans(current, await inventory());
      } catch (error) {
        await pulumi.log.warn(orphansNotChecked(withRemovalCommands(error)));
      }
    }
    return current;
  });
}

/**
 * The hooks of a credential's Secret, which prove the credential before it replaces the one in use. A restart would not
 * reveal a wrong credential: the provider reuses its certificate until the renewal.
 *
 * @param hookName name of the hook
 * @param credential the stored credential
 * @param entry the entry of the Secret's `data` with the credential
 */
export function proofHooks(
  hookName: string,
  credential: DnsCredential,
  entry: string,
): pulumi.ResourceHookBinding {
  const proof = resourceHook(hookName, async ({ newInputs }) => {
    // Hooks receive secrets as Outputs.
    const data = await resolved(
      pulumi.output(newInputs?.data as pulumi.Input<Readonly<Record<string, string>>>),
    );
    await proveOnce(credential, Buffer.from(data[entry] ?? "", "base64").toString("utf8"));
  });
  return { beforeCreate: [proof], beforeUpdate: [proof] };
}

/** The proofs of this run, by credential and content: each Secret of a credential needs the proof. */
const proven = new WeakMap<DnsCredential, Map<string, Promise<void>>>();

function proveOnce(credential: DnsCredential, content: string): Promise<void> {
  const proofs = proven.get(credential) ?? new Map<string, Promise<void>>();
  proven.set(credential, proofs);
  let proof = proofs.get(content);
  if (proof === undefined) {
    proof = credential.prove(content);
    proofs.set(content, proof);
  }
  return proof;
}

function rotationOf(cluster: Cluster, consumers: readonly CredentialConsumer[]): Rotation {
  return new Rotation(consumers.map((consumer) => consumerState(cluster, consumer)));
}
