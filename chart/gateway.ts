/**
 * What Akash's gateway chart (akash-gateway 1.2.1, in akash-network/provider-playbooks) and its documentation call the
 * entry of the tenants' ingress.
 */

/** Namespace of the Gateway, and of what it reads. */
export const defaultGatewayNamespace = "akash-gateway";

/** Name of the Gateway. */
export const defaultGatewayName = "akash-gateway";

/** Name of the Gateway's listener for tenants' hosts on port 443. */
export const wildcardListener = "https-wildcard";

/** The Secret with the certificate, as the chart's value `gateway.https.wildcardCertificateSecret` names it. */
export const defaultWildcardSecret = "wildcard-ingress-tls";

/** The Certificate by which Akash's documentation has cert-manager fill that Secret. */
export const wildcardCertificate = "wildcard-ingress";

/** The domain that tenants' hosts are in. */
export function ingressDomain(domain: string): string {
  return `ingress.${domain}`;
}

/** The name that a certificate for all tenants' hosts has. */
export function wildcardName(domain: string): string {
  return `*.${ingressDomain(domain)}`;
}
