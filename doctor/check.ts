import type { Expectation } from "./expectation.ts";
import type { ClusterFacts } from "./facts/clusterFacts.ts";
import type { CloudCredential } from "./facts/credential.ts";
import type { DnsFacts } from "./facts/dns.ts";
import type { WildcardFacts } from "./facts/wildcard.ts";
import type { WireFacts } from "./facts/wire.ts";
import type { Finding, Problem } from "./finding.ts";

/** The headings under which the checks stand, in their order. */
export const groups = [
  "Release",
  "Let's Encrypt settings",
  "Credential",
  "The way in",
  "Certificate",
  "Wildcard certificate",
] as const;
export type Group = (typeof groups)[number];

/** What a check looks at. Each fact is fetched when the first check asks, and once. */
export interface Context {
  readonly expected: Expectation;
  readonly cluster: ClusterFacts;
  readonly dns: DnsFacts;
  readonly wire: WireFacts;
  /** Of the certificate of the tenants' ingress, for stacks that have one. */
  readonly wildcard: WildcardFacts;
  /** Whether something listens at an address and port of the host's: undefined, or why not. See facts/reach.ts. */
  readonly reach: (address: string, port: number) => Promise<string | undefined>;
  /** The headers of Cloudflare's proxy, where that answers on the provider's port. */
  readonly cloudflareHeaders: () => Promise<string | undefined>;
  /** The credential in the cluster's Secret; undefined where the pod reads none, or there is no such Secret. */
  readonly credential: () => Promise<CloudCredential | undefined>;
  /** Addresses that the reader has told to be the host's, which are reachable whatever they are. */
  readonly reached: readonly string[];
  /** Whether the credential may be tried by writing a record. */
  readonly prove: boolean;
  readonly now: Date;
}

/** When something begins or ends, for whoever watches it over time. */
export interface Times {
  /** From when on the served certificate is valid, and until when. */
  readonly certificateIssued?: Date;
  readonly certificateExpiry?: Date;
  /** When the DNS credential was made, and when it ends; no end where it has none. */
  readonly credentialCreated?: Date;
  readonly credentialExpiry?: Date;
  /** From when on the DNS credential is to be replaced. */
  readonly credentialRotateBy?: Date;
  /** When the certificate of the tenants' ingress ends, and from when on cert-manager renews it. */
  readonly wildcardExpiry?: Date;
  readonly wildcardRenewal?: Date;
}

/** What a check has seen. */
export interface Outcome {
  readonly found: readonly Finding[];
  /** In a few words, for the line that says that all is well. */
  readonly seen: string;
  /** Default: none. */
  readonly times?: Times;
}

/** One thing that the doctor looks at. */
export interface Check {
  readonly id: string;
  readonly group: Group;
  /** What holds when nothing is found. */
  readonly title: string;
  /** All that it can find. */
  readonly problems: readonly Problem[];
  /** Whether there is anything to look at. Default: always. */
  readonly applies?: (expected: Expectation) => boolean;
  /** @throws NotSeen when a fact that it needs cannot be had */
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
