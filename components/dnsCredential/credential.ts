import type * as pulumi from "@pulumi/pulumi";
import type { DnsProvider } from "../../chart/release.ts";
import type { CredentialConsumer } from "./consumer.ts";

/** A credential with which the provider answers DNS-01 challenges, whatever made it. */
export interface DnsCredential {
  /** Whose DNS it writes to, by the name of the chart's values. */
  readonly dnsProvider: DnsProvider;
  /** What the provider reads from the Secret, a secret: a service account's key file, or an API token. None on GKE. */
  readonly content: pulumi.Output<string> | undefined;
  /** E-mail address of the Google service account that the pod acts as on GKE. Default: none. */
  readonly serviceAccount?: pulumi.Input<string>;
  /** Environment of the provider's container that belongs to it. */
  readonly environment: Readonly<Record<string, pulumi.Input<string>>>;
  /** The managed zone that it writes to, and the project that has it. None at Cloudflare, where the token tells its zone. */
  readonly managedZone?:
    { readonly project: pulumi.Input<string>; readonly name: pulumi.Input<string> } | undefined;
  /**
   * Writes, reads back and deletes a TXT record with the credential.
   *
   * @param content the credential that is about to be put to use
   * @throws ProofError when it does not work
   */
  readonly prove: (content: string) => Promise<void>;
  /** What there is to know of a credential that a component manages; none for one that is brought. */
  readonly managed?: ManagedDnsCredential;
}

/** A credential that a component has made, and rotates. */
export interface ManagedDnsCredential {
  /** What the cloud calls it. */
  readonly id: pulumi.Output<string>;
  /** The random part of the name by which the stack knows its own credentials, in hex digits. */
  readonly suffix: pulumi.Output<string>;
  /** When it was made, in RFC 3339 form. */
  readonly createdAt: pulumi.Output<string>;
  /** When it ends, in RFC 3339 form; undefined or far off when it does not. */
  readonly expiresAt: pulumi.Output<string | undefined>;
  /** What was said to carry it. Whoever stores it elsewhere would have it deleted while it is in use. */
  readonly consumers: readonly CredentialConsumer[];
  /** The pattern of its URN, for `pulumi up --replace`. */
  readonly urnPattern: string;
}
