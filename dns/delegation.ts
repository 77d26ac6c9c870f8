import { randomInt } from "node:crypto";
import { createSocket } from "node:dgram";
import { Resolver } from "node:dns/promises";
import { isIPv6 } from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import {
  decodeMessage,
  encodeMessage,
  question,
  recordType,
  type DnsMessage,
  type DnsRecord,
} from "../lib/dnsMessage.ts";
import { dnsName, readableName } from "../lib/dnsName.ts";
import { dnsServersOf } from "../lib/dnsServers.ts";
import { hasCode } from "../lib/errors.ts";
import { zoneContains } from "./zone.ts";

/** Name of the TXT record of a DNS-01 challenge (RFC 8555, section 8.4). */
export function challengeRecord(host: string): string {
  return `_acme-challenge.${host}`;
}

/** The zone in which DNS resolves a name, and the zone's servers. */
export interface Delegation {
  /** The zone's name. */
  readonly zone: string;
  /** Names of the zone's servers, according to the parent zone or the queried server. */
  readonly nameServers: readonly string[];
  /** The primary server in the zone's SOA record, from which secondaries copy. */
  readonly primary?: string | undefined;
  /** Whether the public internet has the same delegation: this machine's DNS may have private zones. */
  readonly isPublic: boolean;
}

/** A zone, according to its DNS provider. */
export interface ServedZone {
  readonly name: string;
  /** The servers that the DNS provider has assigned; empty where it reports none. */
  readonly nameServers: readonly string[];
}

/** The result of comparing a zone with its delegation. */
export type Comparison =
  | { readonly result: "agrees" }
  /** DNS resolves the name in another zone or at other servers. */
  | { readonly result: "differs"; readonly isPublic: boolean; readonly difference: string }
  /** DNS could not be queried. */
  | { readonly result: "unknown" };

/** The queries to DNS. */
export interface DnsQueries {
  /** Names of a zone's servers, from this machine's DNS or the servers of the options. */
  readonly nameServers: (zone: string) => Promise<readonly string[]>;
  /** The primary server in a zone's SOA record, likewise; undefined where the name has none. */
  readonly primary: (name: string) => Promise<string | undefined>;
  /** IPv4 addresses, likewise. */
  readonly addresses: (host: string) => Promise<readonly string[]>;
  /** Queries the server at an address, without recursion. */
  readonly ask: (address: string, name: string, type: number) => Promise<DnsMessage>;
}

/** Options of DNS queries. */
export interface DelegationOptions {
  /** Addresses of the servers to query, with a port unless it is 53. Default: those of the environment, else the zones' own. */
  readonly servers?: readonly string[] | undefined;
  /** Time limit of all queries, in milliseconds. Default 3000. */
  readonly timeout?: number | undefined;
  /** Default: over the network. */
  readonly queries?: DnsQueries | undefined;
}

/** Time limit of one answer, in milliseconds. */
const answerTimeout = 1_000;

/**
 * Compares a zone at a DNS provider with its delegation in DNS.
 *
 * @param name a name in the zone, such as the challenge's
 * @param zone the zone at its DNS provider
 * @param delegation the delegation in DNS. Default: queried
 */
export async function compareDelegation(
  name: string,
  zone: ServedZone,
  options: DelegationOptions = {},
  delegation: Promise<Delegation | undefined> = findDelegation(name, options),
): Promise<Comparison> {
  const shown = await delegation;
  if (shown === undefined) {
    return { result: "unknown" };
  }
  const difference = differenceOf(zone, shown);
  if (difference === undefined || (await haveCommonAddress(zone, shown, options))) {
    return { result: "agrees" };
  }
  return { result: "differs", isPublic: shown.isPublic, difference };
}

/** The difference between a zone and its delegation, as a sentence; undefined where they agree. */
export function differenceOf(zone: ServedZone, shown: Delegation): string | undefined {
  const name = readableName(zone.name);
  const shownName = readableName(shown.zone);
  const [own, theirs] = [zone.nameServers.map(dnsName), shown.nameServers.map(dnsName)];
  const servers = listed(theirs);
  if (dnsName(shown.zone) !== dnsName(zone.name)) {
    return zoneContains(zone.name, shown.zone)
      ? `DNS has a separate zone ${shownName}, which the zone ${name} delegates to ${servers}`
      : `DNS has no zone ${name}: the name resolves in the zone ${shownName}, at ${servers}`;
  }
  const isServed =
    own.length === 0 ||
    own.some((server) => theirs.includes(server)) ||
    // Secondary servers outside the provider copy the zone.
    (shown.primary !== undefined && own.includes(dnsName(shown.primary)));
  return isServed
    ? undefined
    : `DNS delegates ${name} to ${servers}, but the zone is served by ${listed(own)}`;
}

/**
 * Finds the zone in which DNS resolves a name.
 *
 * Queries the zones' servers from the top-level domain down, so that the parent's delegation counts and a private zone of
 * this machine's network does not. Where these servers are unreachable, queries this machine's DNS, as lego does.
 *
 * @returns undefined where DNS gives no answer
 */
export async function findDelegation(
  name: string,
  options: DelegationOptions = {},
): Promise<Delegation | undefined> {
  const { servers = dnsServersOf(process.env), timeout = 3_000 } = options;
  const { queries = networkQueries(servers) } = options;
  const asked = dnsName(name);
  const end = new AbortController();
  const find = async () => {
    if (servers.length > 0) {
      return unlessFailed(throughResolver(asked, queries, true));
    }
    // Both at the same time, so that a network that blocks outside DNS costs no additional time.
    const outside = unlessFailed(fromTheTop(asked, queries));
    const inside = unlessFailed(throughResolver(asked, queries, false));
    return (await outside) ?? (await inside);
  };
  try {
    return await Promise.race([
      find(),
      delay(timeout, undefined, { signal: end.signal }).catch(() => undefined),
    ]);
  } finally {
    end.abort();
  }
}

function networkQueries(servers: readonly string[]): DnsQueries {
  const resolver = new Resolver({ timeout: answerTimeout, tries: 2 });
  if (servers.length > 0) {
    resolver.setServers(servers);
  }
  return {
    nameServers: (zone) => resolver.resolveNs(zone),
    primary: async (name) => {
      try {
        return (await resolver.resolveSoa(name)).nsname;
      } catch (error) {
        if (hasCode(error, "ENODATA") || hasCode(error, "ENOTFOUND")) {
          return undefined;
        }
        throw error;
      }
    },
    addresses: (host) => resolver.resolve4(host),
    ask,
  };
}

/** The zone as lego finds it: the nearest ancestor with a SOA record (go-acme/lego, challenge/dns01/client.go). */
async function throughResolver(
  name: string,
  queries: DnsQueries,
  isPublic: boolean,
): Promise<Delegation | undefined> {
  for (const zone of ancestors(name)) {
    // Continue at the parent only where the name has no SOA record: a missing answer is no evidence of that.
    const primary = await queries.primary(zone);
    if (primary !== undefined) {
      return { zone, nameServers: await queries.nameServers(zone), primary, isPublic };
    }
  }
  return undefined;
}

/** A server may answer with a referral to other servers. More steps than these are a loop. */
const mostSteps = 12;

/** Queries the servers of each zone, from the top-level domain down to the name. */
async function fromTheTop(name: string, queries: DnsQueries): Promise<Delegation | undefined> {
  const top = ancestors(name).at(-1) ?? name;
  let zone = top;
  let nameServers: readonly string[] = await queries.nameServers(top);
  let addresses = await addressesOf(nameServers, [], queries);
  for (let step = 0; step < mostSteps; step += 1) {
    const reply = await askOneOf(addresses, name, recordType.SOA, queries);
    const referral = reply.authority.filter(
      (record) => record.type === recordType.NS && isBelow(record.name, zone),
    );
    const [{ name: next } = { name: "" }] = referral;
    if (reply.answers.length === 0 && next !== "" && zoneContains(next, name)) {
      zone = next;
      nameServers = targetsOf(referral);
      addresses = await addressesOf(nameServers, reply.additional, queries);
      continue;
    }
    return reply.isAuthoritative
      ? theirs(reply, { zone, nameServers, isPublic: true }, addresses, queries)
      : undefined;
  }
  return undefined;
}

/** The delegation from the zone's own server. A server that also has the child zone sends no referral to it. */
async function theirs(
  reply: DnsMessage,
  known: Delegation,
  addresses: readonly string[],
  queries: DnsQueries,
): Promise<Delegation | undefined> {
  // The issuer follows a CNAME to its target.
  if (reply.answers.some(({ type }) => type === recordType.CNAME)) {
    return undefined;
  }
  const soa = [...reply.answers, ...reply.authority].find(({ type }) => type === recordType.SOA);
  if (soa === undefined) {
    return undefined;
  }
  if (!isBelow(soa.name, known.zone)) {
    return { ...known, primary: soa.data };
  }
  const { answers } = await askOneOf(addresses, soa.name, recordType.NS, queries);
  const nameServers = targetsOf(answers.filter(({ type }) => type === recordType.NS));
  return { ...known, zone: soa.name, nameServers, primary: soa.data };
}

/** Vanity name servers may be the DNS provider's: compare their addresses. */
async function haveCommonAddress(
  zone: ServedZone,
  shown: Delegation,
  { servers = dnsServersOf(process.env), queries = networkQueries(servers) }: DelegationOptions,
): Promise<boolean> {
  if (dnsName(shown.zone) !== dnsName(zone.name)) {
    return false;
  }
  const [own, theirs] = await Promise.all(
    [zone.nameServers, shown.nameServers].map((names) => addressesOf(names, [], queries)),
  );
  return (own ?? []).some((address) => theirs?.includes(address));
}

async function addressesOf(
  nameServers: readonly string[],
  told: readonly DnsRecord[],
  queries: DnsQueries,
): Promise<readonly string[]> {
  const known = told
    .filter(({ name, type }) => type === recordType.A && nameServers.map(dnsName).includes(name))
    .flatMap(({ data }) => data ?? []);
  if (known.length > 0) {
    return known;
  }
  const found = await Promise.all(
    nameServers.map((server) => unlessFailed(queries.addresses(dnsName(server)))),
  );
  return found.flatMap((addresses) => addresses ?? []);
}

/** How many servers of a zone are queried at the same time. */
const askedAtOnce = 3;

function askOneOf(
  addresses: readonly string[],
  name: string,
  type: number,
  queries: DnsQueries,
): Promise<DnsMessage> {
  const asked = addresses.slice(0, askedAtOnce);
  return Promise.any(asked.map((address) => queries.ask(address, name, type)));
}

/** Queries a server, on port 53. */
function ask(address: string, name: string, type: number): Promise<DnsMessage> {
  return new Promise((done, failed) => {
    const socket = createSocket(isIPv6(address) ? "udp6" : "udp4");
    const id = randomInt(0x10000);
    const timer = setTimeout(() => {
      end(new Error(`${address} does not respond`));
    }, answerTimeout);
    let isOver = false;
    const end = (result: DnsMessage | Error) => {
      if (isOver) {
        return;
      }
      isOver = true;
      clearTimeout(timer);
      socket.close();
      if (result instanceof Error) {
        failed(result);
      } else {
        done(result);
      }
    };
    socket.on("error", end);
    // A connected socket receives messages from this address only.
    socket.connect(53, address, () => {
      socket.send(encodeMessage(question(id, name, type)));
    });
    socket.on("message", (bytes) => {
      try {
        const reply = decodeMessage(bytes);
        if (reply.isResponse && reply.id === id && reply.question.name === name) {
          end(reply);
        }
      } catch (error) {
        end(error as Error);
      }
    });
  });
}

function targetsOf(records: readonly DnsRecord[]): readonly string[] {
  return records.flatMap(({ data }) => data ?? []);
}

/** The name and its ancestors, without the root. */
function ancestors(name: string): readonly string[] {
  const labels = name.split(".");
  return labels.map((_, index) => labels.slice(index).join("."));
}

function isBelow(name: string, zone: string): boolean {
  return name !== zone && zoneContains(zone, name);
}

function listed(servers: readonly string[]): string {
  return servers.length === 0 ? "no server" : [...servers].sort().join(", ");
}

async function unlessFailed<T>(answer: Promise<T>): Promise<T | undefined> {
  try {
    return await answer;
  } catch {
    return undefined;
  }
}
