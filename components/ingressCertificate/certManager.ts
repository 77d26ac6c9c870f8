import { createHash } from "node:crypto";
import type { DnsProvider } from "../../chart/release.ts";
import { dnsLabel } from "../../lib/names.ts";

/** API group and version of cert-manager's Issuers and Certificates (https://cert-manager.io/docs/reference/api-docs). */
export const certManagerApi = { group: "cert-manager.io", version: "v1" } as const;

/** The kind of the stack's issuer, which is in the Certificate's namespace. */
export const issuerKind = "Issuer";

/** API group and version of cert-manager's Orders and Challenges. */
export const acmeApi = { group: "acme.cert-manager.io", version: "v1" } as const;

/** The tested version of cert-manager, for commands that install it. */
export const certManagerVersion = "v1.21.2";

/** The Secret with cert-manager's credential, by DNS provider. */
export const ingressCredentialSecret: Readonly<
  Record<DnsProvider, { readonly name: string; readonly key: string }>
> = {
  googleCloud: { name: "wildcard-gcp-dns", key: "key.json" },
  cloudflare: { name: "wildcard-cloudflare-dns", key: "api-token" },
};

/**
 * Name of the Issuer for a stack and a CA. cert-manager orders a new certificate when the Issuer's name changes, but not when
 * the Issuer's CA changes.
 *
 * @param stack the stack's name. If it is not a DNS label, it is reduced to the characters of one, and so may be another
 *   stack's name, such as `a_b` and `a-b`; the digest then includes the unchanged name.
 * @param directoryUrl the CA's directory URL
 */
export function issuerName(stack: string, directoryUrl: string): string {
  const isLabel = dnsLabel.test(stack);
  const own = isLabel
    ? stack
    : stack
        .toLowerCase()
        .replace(/[^a-z0-9-]+/g, "-")
        .slice(0, longestLabel);
  const distinct = isLabel ? directoryUrl : JSON.stringify([stack, directoryUrl]);
  const digest = createHash("sha256").update(distinct).digest("hex").slice(0, 8);
  return `letsencrypt-${own}-${digest}`;
}

/** The maximum length of a DNS label. */
const longestLabel = 63;

/** Name of the Secret in which cert-manager stores the Issuer's account key. */
export function accountKeySecret(issuer: string): string {
  return `${issuer}-account-key`;
}

/** A Certificate, with the fields that the program reads. */
export interface Certificate {
  readonly metadata?: ObjectMetadata;
  readonly spec?: {
    readonly secretName?: string;
    readonly dnsNames?: readonly string[];
    readonly issuerRef?: {
      readonly name?: string;
      readonly kind?: string;
      readonly group?: string;
    };
  };
  readonly status?: {
    readonly conditions?: readonly Condition[];
    /** Expiry time of the certificate, in RFC 3339 form. */
    readonly notAfter?: string;
    /** Renewal time of the certificate, in RFC 3339 form. */
    readonly renewalTime?: string;
    /** When the last order failed, in RFC 3339 form; missing after a successful order. */
    readonly lastFailureTime?: string;
  };
}

/** Metadata of a Kubernetes object, with the fields that the program reads. */
export interface ObjectMetadata {
  readonly name?: string;
  readonly namespace?: string;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly ownerReferences?: readonly { readonly kind: string; readonly name: string }[];
}

/** A status condition of an object. */
export interface Condition {
  readonly type: string;
  readonly status: string;
  readonly reason?: string;
  readonly message?: string;
}
