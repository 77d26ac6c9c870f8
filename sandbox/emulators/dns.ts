import { createSocket } from "node:dgram";
import { once } from "node:events";
import {
  decodeMessage,
  type DnsMessage,
  type DnsRecord,
  encodeMessage,
  recordType,
} from "../../lib/dnsMessage.ts";
import { dnsName } from "../../lib/dnsName.ts";
import type { CloudflareState } from "./cloudflare/state.ts";
import { isServed, NAME_SERVERS } from "./cloudflare/zones.ts";
import type { GoogleState } from "./google/state.ts";

/** A running DNS server. */
export interface RunningDns {
  /** Address and port. */
  readonly address: string;
  readonly close: () => void;
}

const noSuchName = 3;

/**
 * Serves the SOA and NS records of the emulated zones, as a resolver on the internet would. A zone is delegated to
 * the name servers that its provider has assigned, unless the control API sets others. A zone that both Google
 * Cloud and Cloudflare have is delegated to the name servers of both. The challenge server serves addresses and TXT
 * records.
 *
 * @param states the current state of the emulators
 */
export async function startDns(
  states: { readonly google: GoogleState; readonly cloudflare: CloudflareState },
  address: string,
  port = 0,
): Promise<RunningDns> {
  const socket = createSocket("udp4");
  socket.on("message", (bytes, { address: asker, port: askersPort }) => {
    try {
      const query = decodeMessage(bytes);
      socket.send(encodeMessage(answer(query, delegatedZones(states))), askersPort, asker);
    } catch {
      // No response, as from a server that is down.
    }
  });
  socket.bind(port, address);
  await once(socket, "listening");
  return {
    address: `${address}:${socket.address().port}`,
    close: () => {
      socket.close();
    },
  };
}

/** The zones in DNS, with their name servers. */
function delegatedZones({
  google,
  cloudflare,
}: Parameters<typeof startDns>[0]): ReadonlyMap<string, readonly string[]> {
  const atClouds = [
    ...google.projects
      .flatMap(({ zones }) => zones)
      .filter(({ visibility }) => visibility === "public")
      .map((zone) => [dnsName(zone.dnsName), zone.nameServers] as const),
    ...cloudflare.zones
      .filter(isServed)
      .map((zone) => [dnsName(zone.name), zone.nameServers ?? NAME_SERVERS] as const),
  ];
  const zones = new Map<string, readonly string[]>();
  for (const [name, servers] of atClouds) {
    const all = [...(zones.get(name) ?? []), ...(servers ?? [])].map(dnsName);
    zones.set(name, [...new Set(all)]);
  }
  for (const { delegations = {} } of [google, cloudflare]) {
    for (const [name, servers] of Object.entries(delegations)) {
      zones.set(name, servers);
    }
  }
  const known = [...zones].filter(([, servers]) => servers.length > 0);
  const top = [...zones.keys()].map((name) => name.split(".").at(-1) ?? name);
  return new Map([...top.map((name) => [name, [`a.nic.${name}`]] as const), ...known]);
}

function answer(
  { id, question }: DnsMessage,
  zones: ReadonlyMap<string, readonly string[]>,
): DnsMessage {
  const { name, type } = question;
  const servers = zones.get(name) ?? [];
  const records: readonly DnsRecord[] =
    type === recordType.NS
      ? servers.map((data) => ({ name, type, data }))
      : type === recordType.SOA
        ? servers.slice(0, 1).map((data) => ({ name, type, data }))
        : [];
  return {
    ...{ id, question, isResponse: true, isAuthoritative: true, additional: [], authority: [] },
    answers: records,
    code: servers.length === 0 ? noSuchName : 0,
  };
}
