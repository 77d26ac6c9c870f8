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

/** Where the TXT record of a DNS-01 challenge is looked for (RFC 8555, section 8.4). */
export function challengeRecord(host: string): string {
  return `_acme-challenge.${host}`;
}

/** Which zone DNS looks a name up in, and who answers for it. */
export interface Delegation {
  /** The zone's name. */
  readonly zone: string;
  /** Names of the servers that its parent, or who was asked, names for it. */
  readonly nameServers: readonly string[];
  /** The primary server in the zone's SOA record, which secondaries copy. */
  readonly primary?: string | undefined;
  /** Whether the whole internet sees it so: this machine's own DNS may have zones that nobody else has. */
  readonly isPublic: boolean;
}

/** A zone as its cloud tells of it. */
export interface ServedZone {
  readonly name: string;
  /** The servers that the cloud has given it; none where it does not say. */
  readonly nameServers: readonly string[];
}

/** What comes of a comparison of a zone with its delegation. */
export type Comparison =
  | { readonly result: "agrees" }
  /** DNS looks elsewhere. */
  | { readonly result: "differs"; readonly isPublic: boolean; readonly difference: string }
  /** DNS could not be asked. */
  | { readonly result: "unknown" };

/** What is asked of DNS. */
export interface DnsQueries {
  /** Names of a zone's servers, by this machine's DNS or the servers named. */
  readonly nameServers: (zone: string) => Promise<readonly string[]>;
  /** The primary server in a zone's SOA record, likewise; undefined where the name has none. */
  readonly primary: (name: string) => Promise<string | undefined>;
  /** IPv4 addresses, likewise. */
  readonly addresses: (host: string) => Promise<readonly string[]>;
  /** Asks the server at an address for what it knows itself. */
  readonly ask: (address: string, name: string, type: number) => Promise<DnsMessage>;
}

/** How DNS is asked. */
export interface DelegationOptions {
  /** Addresses of the servers to ask, with ports where they are not 53. Default: those of the environment, else the zones' own. */
  readonly servers?: readonly string[] | undefined;
  /** How long to ask, in milliseconds. Default 3000. */
  readonly timeout?: number | undefined;
  /** Default: over the network. */
  readonly queries?: DnsQueries | undefined;
}

/** How long a server has for one answer, in milliseconds. */
const answerTimeout = 1_000;

/**
 * Compares a zone at a cloud with the delegation that DNS shows for a name in it.
 *
 * @param name a name for which the zone is to be asked, such as the challenge's
 * @param zone the zone at its cloud
 * @param delegation what DNS shows, if that was asked already
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

/** How a zone and what DNS shows differ, as a sentence; undefined where they agree. */
export function differenceOf(zone: ServedZone, shown: Delegation): string | undefined {
  const name = readableName(zone.name);
  const shownName = readableName(shown.zone);
  const [own, theirs] = [zone.nameServers.map(dnsName), shown.nameServers.map(dnsName)];
  const servers = listed(theirs);
  if (dnsName(shown.zone) !== dnsName(zone.name)) {
    return zoneContains(zone.name, shown.zone)
      ? `DNS has a zone of its own for ${shownName}, which the zone ${name} delegates to ${servers}`
      : `DNS knows no zone ${name}: it asks the zone ${shownName} instead, at ${servers}`;
  }
  const isServed =
    own.length === 0 ||
    own.some((server) => theirs.includes(server)) ||
    // Secondary servers elsewhere copy the zone.
    (shown.primary !== undefined && own.includes(dnsName(shown.primary)));
  return isServed
    ? undefined
    : `DNS asks ${servers} about ${name}, but the zone is served by ${listed(own)}`;
}

/**
 * Which zone DNS looks a name up in.
 *
 * The servers of the zones are asked, from the top-level domain's on, so that the parent's view counts and no zone that
 * only this machine's network has. Where they cannot be asked, this machine's own DNS is, as lego asks it.
 *
 * @returns undefined where DNS does not tell
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
    // Both at once: a network that hides DNS from outside costs no more time than one that does not.
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

/** As lego finds a zone: the nearest name above that has a SOA record (go-acme/lego, challenge/dns01/client.go). */
async function throughResolver(
  name: string,
  queries: DnsQueries,
  isPublic: boolean,
): Promise<Delegation | undefined> {
  for (const zone of ancestors(name)) {
    // Only a name that has none leads to the one above it: no answer says nothing.
    const primary = await queries.primary(zone);
    if (primary !== undefined) {
      return { zone, nameServers: await queries.nameServers(zone), primary, isPublic };
    }
  }
  return undefined;
}

/** A server may know no more than who knows; more steps than these are a circle. */
const mostSteps = 12;

/** Asks the servers of each zone on the way down to the name. */
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

/** What the zone's own server says. It may have the zone below as well, and then refers nobody there. */
async function theirs(
  reply: DnsMessage,
  known: Delegation,
  addresses: readonly string[],
  queries: DnsQueries,
): Promise<Delegation | undefined> {
  // The issuer follows an alias, to wherever it leads.
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

/** Servers with names of one's own may be the cloud's, by their addresses. */
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

/** How many servers of a zone are asked at once. */
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

/** Asks a server, on port 53. */
function ask(address: string, name: string, type: number): Promise<DnsMessage> {
  return new Promise((done, failed) => {
    const socket = createSocket(isIPv6(address) ? "udp6" : "udp4");
    const id = randomInt(0x10000);
    const timer = setTimeout(() => {
      end(new Error(`${address} does not answer`));
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
    // Connected, a socket takes messages from there alone.
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

/** The name and those above it, but for the root. */
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
