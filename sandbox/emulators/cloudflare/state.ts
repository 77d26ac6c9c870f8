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
  /** @default two of Cloudflare's */
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

/** What a resource of a policy opens: "*", or the resources below it that are opened. */
export type ResourceScope = string | Readonly<Record<string, string>>;

/** One rule of a token. */
export interface TokenPolicy {
  readonly id: string;
  readonly effect: "allow" | "deny";
  readonly permissionGroupIds: readonly string[];
  /** As the request had them, in its order: the plugin compares them as text. */
  readonly resources: Readonly<Record<string, ResourceScope>>;
}

/** From where a token may be used: addresses and CIDR ranges. */
export interface IpCondition {
  readonly in?: readonly string[];
  readonly not_in?: readonly string[];
}

/** Who owns a token: the user, or an account by its id. */
export type TokenOwner = "user" | { readonly accountId: string };

/** An API token. Its value is known by the fingerprint only. */
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

/** What the sandbox can set. */
export interface CloudflareSettings {
  /** How long a new token stays unknown. */
  tokenDelayMs: number;
  /** The address that calls seem to come from, for tokens that are bound to one. @default "" - the real one */
  sourceAddress: string;
  /** How many items a page of a list has at most; 0: as many as Cloudflare's. */
  pageSize?: number;
}

/** All that the emulator of Cloudflare knows. */
export interface CloudflareState {
  userId: string;
  accounts: Account[];
  zones: Zone[];
  records: DnsRecord[];
  tokens: ApiToken[];
  /** What the zones above say in place of the clouds' own name servers. */
  delegations?: Delegations;
  settings: CloudflareSettings;
}

/** A Cloudflare in which nobody has made anything yet. */
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
