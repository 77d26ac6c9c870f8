import type { ServedZone } from "../../dns/delegation.ts";

/** A DNS credential in the view of its cloud: the common interface of the clouds. */
export interface CloudCredential {
  /** What prevents the credential from answering a challenge. The test reads and does not write. */
  readonly lacks: () => Promise<readonly Lack[]>;
  /** Access beyond the one zone, one phrase each. */
  readonly excess: () => Promise<readonly string[]>;
  /** When the credential was created and when it expires, if the cloud reports it. */
  readonly life: () => Promise<CredentialLife>;
  /** How many credentials exist for the same account or with the same name. */
  readonly count: () => Promise<CredentialCount>;
  /** The DNS zone that the credential writes to. */
  readonly zone: () => Promise<ServedZone>;
  /**
   * Writes, reads back and deletes a TXT record.
   *
   * @returns the error, or undefined
   */
  readonly prove: () => Promise<string | undefined>;
}

/** A missing capability of a credential. */
export interface Lack {
  readonly expected: string;
  readonly seen: string;
  /** Whether the credential's owner was deleted as well, so that a rotation alone cannot replace the credential. */
  readonly ownerGone?: true;
}

/** Both in RFC 3339 form. */
export interface CredentialLife {
  readonly createdAt?: string | undefined;
  readonly expiresAt?: string | undefined;
}

/** A number of credentials. */
export interface CredentialCount {
  readonly count: number;
  /** The kind, such as "keys of dns@project…". */
  readonly what: string;
}

/** The host of a credential. */
export interface CredentialTarget {
  readonly host: string;
  readonly domain: string;
}
