import { createHash } from "node:crypto";
import type { DnsProvider } from "../../chart/release.ts";

/** The API group and version of cert-manager's Issuers and Certificates (https://cert-manager.io/docs/reference/api-docs). */
export const certManagerApi = { group: "cert-manager.io", version: "v1" } as const;

/** The same of its Orders and Challenges. */
export const acmeApi = { group: "acme.cert-manager.io", version: "v1" } as const;

/** The version that was tried, for commands that install it. */
export const certManagerVersion = "v1.21.2";

/** The Secret with the credential that cert-manager answers challenges with, by cloud. */
export const ingressCredentialSecret: Readonly<
  Record<DnsProvider, { readonly name: string; readonly key: string }>
> = {
  googleCloud: { name: "wildcard-gcp-dns", key: "key.json" },
  cloudflare: { name: "wildcard-cloudflare-dns", key: "api-token" },
};

/** The longest name of an object that Kubernetes takes (RFC 1123 subdomain). */
const longestName = 253;

/**
 * Name of the Issuer of a stack and a CA. cert-manager orders a certificate anew when its Issuer has another name, and not
 * when the Issuer names another CA.
 *
 * @param stack the stack's name, of which Kubernetes takes lower-case letters, digits and hyphens
 * @param directoryUrl the CA's ACME directory
 */
export function issuerName(stack: string, directoryUrl: string): string {
  const own = stack
    .toLowerCase()
    .replace(/[^a-z0-9-]+/g, "-")
    .slice(0, longestName - 60);
  const ca = createHash("sha256").update(directoryUrl).digest("hex").slice(0, 8);
  return `letsencrypt-${own}-${ca}`;
}

/** Name of the Secret in which cert-manager keeps the Issuer's account key. */
export function accountKeySecret(issuer: string): string {
  return `${issuer}-account-key`;
}

/** A Certificate, as far as the program reads it. */
export interface Certificate {
  readonly metadata?: ObjectMetadata;
  readonly spec?: {
    readonly secretName?: string;
    readonly dnsNames?: readonly string[];
    readonly issuerRef?: { readonly name?: string; readonly kind?: string };
  };
  readonly status?: {
    readonly conditions?: readonly Condition[];
    /** When the certificate ends, in RFC 3339 form. */
    readonly notAfter?: string;
    /** When cert-manager renews it, in RFC 3339 form. */
    readonly renewalTime?: string;
    /** When the last order failed, in RFC 3339 form; absent after one that did not. */
    readonly lastFailureTime?: string;
  };
}

/** What every object of Kubernetes has, as far as the program reads it. */
export interface ObjectMetadata {
  readonly name?: string;
  readonly namespace?: string;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly ownerReferences?: readonly { readonly kind: string; readonly name: string }[];
}

/** What a controller says of an object. */
export interface Condition {
  readonly type: string;
  readonly status: string;
  readonly reason?: string;
  readonly message?: string;
}
