import { createHash } from "node:crypto";
import * as pulumi from "@pulumi/pulumi";
import type { CredentialInventory } from "./orphans.ts";

/** The digest by which a credential is told from another: the first 16 hex digits of its SHA-256. */
export function digestOf(content: string): string {
  return createHash("sha256").update(content).digest("hex").slice(0, 16);
}

/** The digest of a credential that is not known yet; see {@link digestOf}. */
export function credentialDigest(content: pulumi.Output<string>): pulumi.Output<string> {
  // 64 bits of a hash over a random key give nothing of the key away.
  return pulumi.unsecret(content.apply(digestOf));
}

/** A credential with which the provider answers DNS-01 challenges, whatever made it. */
export interface DnsCredential {
  /** Whose DNS it writes to, by the name of the chart's values. */
  readonly dnsProvider: "googleCloud" | "cloudflare";
  /** What the provider reads from the Secret, a secret: a service account's key file, or an API token. None on GKE. */
  readonly content: pulumi.Output<string> | undefined;
  /** E-mail address of the Google service account that the pod acts as on GKE. */
  readonly serviceAccount?: string;
  /** Environment of the provider's container that belongs to it. */
  readonly environment: Readonly<Record<string, string>>;
  /**
   * Writes, reads back and deletes a TXT record with the credential.
   *
   * @param content the credential that is about to be put to use
   * @throws ProofError when it does not work
   */
  readonly prove: (content: string) => Promise<void>;
  /** What there is to know of a credential that the stack made; none where it brings its own. */
  readonly made?: MadeDnsCredential;
}

/** A credential that the stack made. */
export interface MadeDnsCredential {
  /** What the cloud calls it. */
  readonly id: pulumi.Output<string>;
  /** The random part of the name by which the stack knows its own credentials, in hex digits. */
  readonly suffix: pulumi.Output<string>;
  /** When it was made, in RFC 3339 form. */
  readonly createdAt: pulumi.Output<string>;
  /** When it ends, in RFC 3339 form; undefined or far off when it does not. */
  readonly expiresAt: pulumi.Output<string | undefined>;
  /** The credentials that the stack has made, whether or not Pulumi knows of them. */
  readonly inventory: () => Promise<CredentialInventory>;
  /** The pattern of its URN, for `pulumi up --replace`. */
  readonly urnPattern: string;
}

/** What keeps a rotation safe, for whoever makes a credential. */
export interface RotationGuard {
  /** The hooks of the resource that is the credential. */
  readonly binding: (inventory: () => Promise<CredentialInventory>) => pulumi.ResourceHookBinding;
  /** The credential's id, once those are gone that Pulumi never heard of. */
  readonly withoutStrays: (
    id: pulumi.Output<string>,
    inventory: () => Promise<CredentialInventory>,
  ) => pulumi.Output<string>;
}
