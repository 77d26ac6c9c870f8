import { wildcardName } from "../../chart/gateway.ts";
import type { Certificate } from "../../components/ingressCertificate/certManager.ts";
import { ownerAnnotation } from "../../components/owner.ts";
import { dnsName } from "../../lib/dnsName.ts";

/** A Certificate by which the operator has cert-manager obtain that of the tenants' ingress. */
export interface WildcardCertificate {
  readonly namespace: string;
  readonly name: string;
  /** Name of the Secret that cert-manager puts the certificate into. */
  readonly secretName: string;
  readonly dnsNames: readonly string[];
  /** Kind and name of cert-manager's issuer. */
  readonly issuer: string;
}

/**
 * Those of a cluster's Certificates that are for the tenants' ingress of a domain and belong to no stack.
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
