import { wildcardName } from "../../chart/gateway.ts";
import type { Certificate } from "../../components/ingressCertificate/certManager.ts";
import { ownerAnnotation } from "../../components/owner.ts";
import { dnsName } from "../../lib/dnsName.ts";

/** The operator's own Certificate for the tenants' ingress. */
export interface WildcardCertificate {
  readonly namespace: string;
  readonly name: string;
  /** Name of the Secret in which cert-manager stores the certificate. */
  readonly secretName: string;
  readonly dnsNames: readonly string[];
  /** Kind and name of cert-manager's issuer. */
  readonly issuer: string;
}

/**
 * The Certificates of a cluster for the tenants' ingress of a domain that belong to no stack.
 *
 * @param domain the provider's domain
 */
export function wildcardCertificates(
  certificates: readonly Certificate[],
  domain: string,
): readonly WildcardCertificate[] {
  return certificates.flatMap(({ metadata, spec }) => {
    const { namespace = "", name = "", annotations } = metadata ?? {};
    const { dnsNames = [], issuerRef, secretName = "" } = spec ?? {};
    const isOurs = annotations?.[ownerAnnotation] !== undefined;
    const issuer = `${issuerRef?.kind ?? "Issuer"} ${issuerRef?.name ?? ""}`;
    return !isOurs && dnsNames.includes(wildcardName(dnsName(domain)))
      ? [{ namespace, name, secretName, dnsNames, issuer }]
      : [];
  });
}
