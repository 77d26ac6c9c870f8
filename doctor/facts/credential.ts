import type { ServedZone } from "../../dns/delegation.ts";

/** A DNS credential, as the cloud that gave it sees it: what differs between the clouds is behind this. */
export interface CloudCredential {
  /** What keeps it from answering a challenge. It is tried by reading, not by writing. */
  readonly lacks: () => Promise<readonly Lack[]>;
  /** What it may do or see beyond the one zone, one phrase each. */
  readonly excess: () => Promise<readonly string[]>;
  /** When it was made and when it ends, as far as the cloud says. */
  readonly life: () => Promise<CredentialLife>;
  /** How many such credentials there are for the same account or of the same name, and how many there may be. */
  readonly count: () => Promise<CredentialCount>;
  /** The DNS zone that it writes to. */
  readonly zone: () => Promise<ServedZone>;
  /**
   * Writes, reads back and deletes a TXT record.
   *
   * @returns what went wrong, or undefined
   */
  readonly prove: () => Promise<string | undefined>;
}

/** Something that a credential cannot do. */
export interface Lack {
  readonly expected: string;
  readonly seen: string;
  /** Whether what the credential belonged to is gone with it, so that another one takes more than a rotation. */
  readonly ownerGone?: true;
}

/** Both in RFC 3339 form. */
export interface CredentialLife {
  readonly createdAt?: string | undefined;
  readonly expiresAt?: string | undefined;
}

/** How many credentials there are. */
export interface CredentialCount {
  readonly count: number;
  /** Of what, such as "keys of dns@project…". */
  readonly what: string;
}

/** Whose host a credential is for. */
export interface CredentialTarget {
  readonly host: string;
  readonly domain: string;
}
