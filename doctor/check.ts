import type { Expectation } from "./expectation.ts";
import type { ClusterFacts } from "./facts/clusterFacts.ts";
import type { CloudCredential } from "./facts/credential.ts";
import type { DnsFacts } from "./facts/dns.ts";
import type { WildcardFacts } from "./facts/wildcard.ts";
import type { WireFacts } from "./facts/wire.ts";
import type { Finding, Problem } from "./finding.ts";

/** The headings of the report, in their order. */
export const groups = [
  "Release",
  "Let's Encrypt settings",
  "Credential",
  "DNS and ingress",
  "Certificate",
  "Wildcard certificate",
] as const;
export type Group = (typeof groups)[number];

/** The input of a check. Each fact is fetched once, when the first check requests it. */
export interface Context {
  readonly expected: Expectation;
  readonly cluster: ClusterFacts;
  readonly dns: DnsFacts;
  readonly wire: WireFacts;
  /** Facts of the tenants' ingress certificate, for stacks that have one. */
  readonly wildcard: WildcardFacts;
  /** Whether something listens at an address and port of the host: undefined, or why not. See facts/reach.ts. */
  readonly reach: (address: string, port: number) => Promise<string | undefined>;
  /** The headers of Cloudflare's proxy, if the proxy responds on the provider's port. */
  readonly cloudflareHeaders: () => Promise<string | undefined>;
  /** The credential in the cluster's Secret; undefined if the pod reads none, or the Secret is missing. */
  readonly credential: () => Promise<CloudCredential | undefined>;
  /** Addresses of the host that the user passed; they count as reachable. */
  readonly reached: readonly string[];
  /** Whether the credential may be proven by writing a record. */
  readonly prove: boolean;
  readonly now: Date;
}

/** Start and expiry times, for monitoring. */
export interface Times {
  /** The validity of the served certificate. */
  readonly certificateIssued?: Date;
  readonly certificateExpiry?: Date;
  /** When the DNS credential was created, and when it expires; no expiry if it has none. */
  readonly credentialCreated?: Date;
  readonly credentialExpiry?: Date;
  /** The time from which the DNS credential should be replaced. */
  readonly credentialRotateBy?: Date;
  /** When the tenants' ingress certificate expires, and from when cert-manager renews it. */
  readonly wildcardExpiry?: Date;
  readonly wildcardRenewal?: Date;
}

/** The result of a check. */
export interface Outcome {
  readonly found: readonly Finding[];
  /** A short summary, for the line of a check without findings. */
  readonly seen: string;
  /** Default: none. */
  readonly times?: Times;
}

/** A check of the doctor. */
export interface Check {
  readonly id: string;
  readonly group: Group;
  /** The statement that is true if nothing is found. */
  readonly title: string;
  /** All problems that the check can find. */
  readonly problems: readonly Problem[];
  /** Whether the check applies to a stack. Default: always. */
  readonly applies?: (expected: Expectation) => boolean;
  /** @throws NotSeen when a required fact is not available */
  readonly run: (context: Context) => Promise<Outcome>;
}

/** Whether a stack has a wildcard certificate, for {@link Check.applies}. */
export function hasWildcard({ wildcard }: Expectation): boolean {
  return wildcard !== undefined;
}

/** Whether a stack validates by DNS-01, for {@link Check.applies}. */
export function usesDns01({ challenge }: Expectation): boolean {
  return challenge.type === "dns-01";
}
