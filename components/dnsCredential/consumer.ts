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
 * A consumer of a DNS credential in the cluster. All fields are plain values, since the hooks of a key or token need them
 * and receive no Outputs of other resources.
 */
export interface CredentialConsumer {
  /** Namespace of the Secret and the pod. */
  readonly namespace: string;
  /** Name of the Secret with the credential. Default: none, as with HTTP-01 and on GKE. */
  readonly secret?: string | undefined;
  /** Name of the pod that reads the Secret at its start. Default: none, for a consumer that reads the Secret on each use. */
  readonly pod?: string | undefined;
  /**
   * Names of the consumer's Helm release. The permissions for its rollout are checked before a credential is created.
   * Default: none, without a check.
   */
  readonly release?: ReleaseNames | undefined;
  /**
   * The place of the cert-manager certificate that uses the credential. The place is checked before a credential is
   * created. Default: none, without a check.
   */
  readonly certificate?: IngressPlace | undefined;
}

/** The problem of a credential without consumers. */
export function noConsumers(
  consumers: readonly CredentialConsumer[],
  credential: "key" | "token",
): Problem {
  return (
    missing(consumers) ??
    (consumers.length === 0 ? `is empty, so nothing would protect the ${credential}` : undefined)
  );
}

/** An AkashProvider as the consumer of a credential. */
export interface ProviderConsumerArgs {
  /** The DNS provider of the credential. Default: none, as with HTTP-01, where only the pod is checked. */
  readonly dnsProvider?: DnsProvider | undefined;
  /** As the AkashProvider's argument, with the same default. */
  readonly namespace?: string | undefined;
  /** As the AkashProvider's argument, with the same default. */
  readonly releaseName?: string | undefined;
  /** As the AkashProvider's argument, for the overrides of names. Default: none. */
  readonly values?: Readonly<Record<string, unknown>> | undefined;
}

/**
 * The Secret and the pod of an AkashProvider, for its credential, which is created first.
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
