import { defaultGatewayNamespace } from "../../chart/gateway.ts";
import type { DnsProvider } from "../../chart/release.ts";
import type { CredentialConsumer } from "../dnsCredential/consumer.ts";
import { ingressCredentialSecret } from "./certManager.ts";
import { ingressPlace, type IngressPlaceArgs } from "./place.ts";

/** Which IngressCertificate carries a credential, and which it is. */
export interface IngressConsumerArgs extends IngressPlaceArgs {
  /** Whose DNS the credential writes to. */
  readonly dnsProvider: DnsProvider;
}

/**
 * The Secret of an IngressCertificate, for the credential that is made before it. It has no pod: cert-manager reads the
 * Secret at each challenge.
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
