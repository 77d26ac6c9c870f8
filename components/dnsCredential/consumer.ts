import {
  credentialSecretName,
  defaultNamespace,
  defaultReleaseName,
  releaseNames,
  type DnsProvider,
  type ReleaseNames,
} from "../../chart/release.ts";
import { missing, type Problem } from "../argumentError.ts";
import type { IngressPlace } from "../ingressCertificate/place.ts";

/**
 * What carries a DNS credential in the cluster. All of it is plain: the hooks of a key or token look at it, and are
 * handed nothing of the kind.
 */
export interface CredentialConsumer {
  /** Namespace of the Secret and the pod. */
  readonly namespace: string;
  /** Name of the Secret with the credential. Default: none, as under HTTP-01 and on GKE. */
  readonly secret?: string | undefined;
  /** Name of the pod that reads the Secret at its start. Default: none, for what reads it whenever it needs it. */
  readonly pod?: string | undefined;
  /**
   * Names of the Helm release that it belongs to: before a credential is made, the rights that its rollout takes are
   * asked about. Default: none, and nothing is asked.
   */
  readonly release?: ReleaseNames | undefined;
  /**
   * Where a certificate of cert-manager's is to be that takes it: before a credential is made, that place is looked at.
   * Default: none, and nothing is looked at.
   */
  readonly certificate?: IngressPlace | undefined;
}

/** That a credential is told no consumer, or none that is there. */
export function noConsumers(
  consumers: readonly CredentialConsumer[],
  credential: "key" | "token",
): Problem {
  return (
    missing(consumers) ??
    (consumers.length === 0 ? `is empty, so nothing would protect the ${credential}` : undefined)
  );
}

/** Which AkashProvider carries a credential, and which it is. */
export interface ProviderConsumerArgs {
  /** Whose DNS the credential writes to. Default: none, as under HTTP-01, where the pod alone is looked at. */
  readonly dnsProvider?: DnsProvider | undefined;
  /** As the AkashProvider's argument, default and all. */
  readonly namespace?: string | undefined;
  /** As the AkashProvider's argument, default and all. */
  readonly releaseName?: string | undefined;
  /** As the AkashProvider's argument: its overrides of names count. Default: none. */
  readonly values?: Readonly<Record<string, unknown>> | undefined;
}

/**
 * The Secret and the pod of an AkashProvider, for the credential that is made before it.
 *
 * @example
 * const consumer = providerConsumer({ dnsProvider: "cloudflare" });
 */
export function providerConsumer({
  dnsProvider,
  namespace = defaultNamespace,
  releaseName = defaultReleaseName,
  values,
}: ProviderConsumerArgs): CredentialConsumer {
  const names = releaseNames(releaseName, values);
  return {
    namespace,
    pod: names.pod,
    release: names,
    ...(dnsProvider !== undefined && { secret: credentialSecretName(names, dnsProvider) }),
  };
}
