import { defaultGatewayNamespace } from "../../chart/gateway.ts";
import type { DnsProvider } from "../../chart/release.ts";
import type { CredentialConsumer } from "../dnsCredential/consumer.ts";
import { ingressCredentialSecret } from "./certManager.ts";
import { ingressPlace, type IngressPlaceArgs } from "./place.ts";

/** An IngressCertificate as the consumer of a credential. */
export interface IngressConsumerArgs extends IngressPlaceArgs {
  /** The DNS provider of the credential. */
  readonly dnsProvider: DnsProvider;
}

/**
 * The Secret of an IngressCertificate, for its credential, which is created first. The consumer has no pod: cert-manager
 * reads the Secret at each challenge.
 *
 * @example
 * const consumer = ingressConsumer({ dnsProvider: "cloudflare", domain: "example.com" });
 */
export function ingressConsumer(args: IngressConsumerArgs): CredentialConsumer {
  return {
    namespace: args.namespace ?? defaultGatewayNamespace,
    secret: ingressCredentialSecret[args.dnsProvider].name,
    certificate: ingressPlace(args),
  };
}
