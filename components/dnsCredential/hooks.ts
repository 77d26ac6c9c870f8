import * as pulumi from "@pulumi/pulumi";
import { digestOf } from "../../dns/credential.ts";
import { orphansNotLookedFor, type CredentialInventory } from "../../dns/orphans.ts";
import type { CloudAccess } from "../../dns/access.ts";
import type { Cluster } from "../cluster.ts";
import { refuseMissingRights, refuseUnreachable } from "../clusterRights.ts";
import { withWayOut } from "../goneCluster.ts";
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

/** Who carries a credential, and where its hooks look. */
export interface CredentialProtection {
  /** The cluster of all consumers. */
  readonly cluster: Cluster;
  /** What carries the credential. The first one's Secret has the rotation's annotations. */
  readonly consumers: readonly CredentialConsumer[];
  /** How the hooks' own calls reach the clouds. Default: as the stack says to the plugins, else as the environment does. */
  readonly access?: CloudAccess | undefined;
}

/** The resources that are a credential, by type token. */
const credentialResources: Readonly<Record<string, CredentialResource>> = {
  ...googleCloudKey,
  ...cloudflareToken,
};

/**
 * Registers the hook that keeps a credential from being deleted while a consumer carries it.
 *
 * Pulumi looks a delete hook up by the name that the state has for it, also when the credential's component is no longer
 * part of the program: after a switch to HTTP-01, or to the other cloud. So register it in every run, and hand it to the
 * component where there is one. `pulumi destroy` needs `--run-program` for it.
 *
 * @param component the name of the component that makes the credential, or once did
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
      throw new pulumi.RunError(withWayOut(error));
    }
    await resource?.remove?.(args, access);
  });
}

/**
 * A hook for before anything is made at the cloud, that refuses what the cloud would refuse half way. It runs with the
 * preview, too, so that `pulumi up` ends before it has changed anything; and only where something is to be made, so that
 * a stack that is deployed goes on.
 *
 * The cluster and the rights in it come first: without them the credential would be made, and not put to use.
 *
 * @param subject what is to be made, for the hook's name
 * @param protection who is to carry it
 * @param refuse throws when the cloud would refuse it; asked once in a run
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
 * The hooks of the resource that is the credential: a key or a token.
 *
 * @param component the name of the component that makes the credential
 * @param protection see {@link CredentialProtection}
 * @param inventory the credentials that the component has made, whether or not Pulumi knows of them
 * @param beforeDelete what {@link credentialDeleteHook} has registered for the component
 * @param possible what {@link possibleHook} has made. Default: nothing is foreseen
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
        // In another cluster nothing carries the credential that is in use, and it would go as an orphan.
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
 * The credential's id, once an `up` has removed the orphans: what an interrupted run made and Pulumi never heard of.
 *
 * It does so in an `apply`, since no hook can: a run that was killed between the cloud's creation and its answer leaves a
 * state in which nothing is to be created, updated or deleted, and hooks run with such steps alone. What cannot be looked
 * at or removed is a warning, never an error.
 *
 * @param id the cloud's id of the credential
 * @param protection see {@link CredentialProtection}
 * @param inventory the credentials that the component has made
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
        await pulumi.log.warn(orphansNotLookedFor(withWayOut(error)));
      }
    }
    return current;
  });
}

/**
 * The hooks of a Secret that stores a credential, which prove the credential before it takes the place of the one in use.
 * A restart would not show that it is wrong: the provider reuses the certificate that it has, until the renewal.
 *
 * @param hookName name of the hook
 * @param credential what is stored
 * @param entry the entry of the Secret's `data` that holds it
 */
export function proofHooks(
  hookName: string,
  credential: DnsCredential,
  entry: string,
): pulumi.ResourceHookBinding {
  const proof = resourceHook(hookName, async ({ newInputs }) => {
    // Hooks are given secrets as Outputs.
    const data = await resolved(
      pulumi.output(newInputs?.data as pulumi.Input<Readonly<Record<string, string>>>),
    );
    await proveOnce(credential, Buffer.from(data[entry] ?? "", "base64").toString("utf8"));
  });
  return { beforeCreate: [proof], beforeUpdate: [proof] };
}

/** What was proven in this run, by credential and content: each of its Secrets asks for the proof. */
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
