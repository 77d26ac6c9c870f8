import type { Delegations } from "../shared/delegations.ts";

/** An account, which owns zones. */
export interface Account {
  readonly id: string;
  readonly name: string;
  readonly createdOn: string;
}

/** A zone. */
export interface Zone {
  readonly id: string;
  readonly accountId: string;
  readonly name: string;
  readonly createdOn: string;
  /** `active`, `pending`, `moved` and others. @default "active" */
  status?: string;
  /** `full`, `partial`, `secondary` or `internal`. @default "full" */
  type?: string;
  /** @default false */
  readonly paused?: boolean;
  /** @default two of Cloudflare's name servers */
  nameServers?: readonly string[];
}

/** A DNS record. Several may share a name and a type. */
export interface DnsRecord {
  readonly id: string;
  readonly zoneId: string;
  readonly name: string;
  readonly type: string;
  readonly content: string;
  readonly ttl: number;
  readonly proxied: boolean;
  readonly comment: string | null;
  readonly tags: readonly string[];
  readonly createdOn: string;
  readonly modifiedOn: string;
}

/** The scope of a policy's resource: "*", or the nested resources. */
export type ResourceScope = string | Readonly<Record<string, string>>;

/** One rule of a token. */
export interface TokenPolicy {
  readonly id: string;
  readonly effect: "allow" | "deny";
  readonly permissionGroupIds: readonly string[];
  /** As in the request, in the same order: the plugin compares them as text. */
  readonly resources: Readonly<Record<string, ResourceScope>>;
}

/** The addresses from which a token may be used: addresses and CIDR ranges. */
export interface IpCondition {
  readonly in?: readonly string[];
  readonly not_in?: readonly string[];
}

/** The owner of a token: the user, or an account by its id. */
export type TokenOwner = "user" | { readonly accountId: string };

/** An API token. Only the fingerprint of its value is stored. */
export interface ApiToken {
  readonly id: string;
  readonly owner: TokenOwner;
  readonly issuedOn: string;
  readonly usableFrom: number;
  fingerprint: string;
  name: string;
  status: "active" | "disabled";
  modifiedOn: string;
  lastUsedOn?: string;
  notBefore?: string;
  expiresOn?: string;
  policies: readonly TokenPolicy[];
  requestIp?: IpCondition;
}

/** The settings of the emulator. */
export interface CloudflareSettings {
  /** How long a new token is unknown, in milliseconds. */
  tokenDelayMs: number;
  /**
   * The address from which calls appear to come, for tokens with an address condition. @default "" - the real
   * address
   */
  sourceAddress: string;
  /** The maximum number of items on a page of a list; 0: Cloudflare's maximum. */
  pageSize?: number;
}

/** The whole state of the Cloudflare emulator. */
export interface CloudflareState {
  userId: string;
  accounts: Account[];
  zones: Zone[];
  records: DnsRecord[];
  tokens: ApiToken[];
  /** Delegations in parent zones that differ from the assigned name servers. */
  delegations?: Delegations;
  settings: CloudflareSettings;
}

/** The state of an empty Cloudflare account. */
export function emptyCloudflareState(): CloudflareState {
  return {
    userId: "7c5dae5552338874e5053f2534d2767a",
    accounts: [],
    zones: [],
    records: [],
    tokens: [],
    settings: { tokenDelayMs: 0, sourceAddress: "" },
  };
}
