/**
 * Names of the tenants' ingress in Akash's gateway chart (akash-gateway 1.2.1, in akash-network/provider-playbooks) and its
 * documentation.
 */

/** Namespace of the Gateway and its Secrets. */
export const defaultGatewayNamespace = "akash-gateway";

/** Name of the Gateway. */
export const defaultGatewayName = "akash-gateway";

/** Name of the Gateway's listener for tenants' hosts on port 443. */
export const wildcardListener = "https-wildcard";

/** The Secret with the certificate, from the chart's value `gateway.https.wildcardCertificateSecret`. */
export const defaultWildcardSecret = "wildcard-ingress-tls";

/** The Certificate for this Secret in Akash's documentation. */
export const wildcardCertificate = "wildcard-ingress";

/** The domain of tenants' hosts. */
export function ingressDomain(domain: string): string {
  return `ingress.${domain}`;
}

/** The name in a certificate for all tenants' hosts. */
export function wildcardName(domain: string): string {
  return `*.${ingressDomain(domain)}`;
}
