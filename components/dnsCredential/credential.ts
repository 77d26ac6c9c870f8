import type * as pulumi from "@pulumi/pulumi";
import type { DnsProvider } from "../../chart/release.ts";
import type { CredentialConsumer } from "./consumer.ts";

/** A credential for answering DNS-01 challenges, created or provided. */
export interface DnsCredential {
  /** The DNS provider, by its name in the chart's values. */
  readonly dnsProvider: DnsProvider;
  /** The secret content of the Secret: a service account's key file or an API token. None on GKE. */
  readonly content: pulumi.Output<string> | undefined;
  /** E-mail address of the Google service account that the pod impersonates on GKE. Default: none. */
  readonly serviceAccount?: pulumi.Input<string>;
  /** Environment variables of the provider's container for this credential. */
  readonly environment: Readonly<Record<string, pulumi.Input<string>>>;
  /** The managed zone and its project. None at Cloudflare, where the token determines the zone. */
  readonly managedZone?:
    { readonly project: pulumi.Input<string>; readonly name: pulumi.Input<string> } | undefined;
  /**
   * Writes, reads back and deletes a TXT record with the credential.
   *
   * @param content the credential to test before its use
   * @throws ProofError when the credential does not work
   */
  readonly prove: (content: string) => Promise<void>;
  /** Metadata of a credential that a component manages; none for a provided credential. */
  readonly managed?: ManagedDnsCredential;
}

/** A credential that a component creates and rotates. */
export interface ManagedDnsCredential {
  /** Its id at the DNS provider. */
  readonly id: pulumi.Output<string>;
  /** The random part of the name that identifies the stack's credentials, in hex digits. */
  readonly suffix: pulumi.Output<string>;
  /** Creation time, in RFC 3339 form. */
  readonly createdAt: pulumi.Output<string>;
  /** Expiry time, in RFC 3339 form; undefined or far in the future for a credential that does not expire. */
  readonly expiresAt: pulumi.Output<string | undefined>;
  /** Its declared consumers. Stored anywhere else, the credential would be deleted while in use. */
  readonly consumers: readonly CredentialConsumer[];
  /** The pattern of its URN, for `pulumi up --replace`. */
  readonly urnPattern: string;
}
