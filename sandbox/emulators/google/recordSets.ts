import { type JsonObject, listOf, objectOf, textOf, textsOf } from "../shared/json.ts";
import { txtStrings } from "../shared/txt.ts";
import type { ManagedZone, RecordSet } from "./state.ts";

/** The record sets that every zone has at its apex from the start. */
export function apexRecordSets(dnsName: string, nameServers: readonly string[]): RecordSet[] {
  const soa = `${nameServers[0]} cloud-dns-hostmaster.google.com. 1 21600 3600 259200 300`;
  return [
    { name: dnsName, type: "NS", ttl: 21600, rrdatas: nameServers },
    { name: dnsName, type: "SOA", ttl: 21600, rrdatas: [soa] },
  ];
}

/**
 * Reads the record sets of one side of a change, and converts their data to the format in which Cloud DNS stores
 * them.
 */
export function readRecordSets(value: unknown): RecordSet[] {
  return listOf(value).map(readRecordSet);
}

/** The record set of the zone with the same name and type. */
export function findRecordSet(
  { recordSets }: ManagedZone,
  { name, type }: Pick<RecordSet, "name" | "type">,
): RecordSet | undefined {
  return recordSets.find((set) => set.name === name && set.type === type);
}

/** Whether two sets of the same name and type are otherwise equal, regardless of the order of the data. */
export function sameRecords(one: RecordSet, other: RecordSet): boolean {
  const data = ({ rrdatas }: RecordSet) => JSON.stringify([...rrdatas].sort());
  return one.ttl === other.ttl && data(one) === data(other);
}

/** A record set as the API returns it. */
export function recordSetBody(set: RecordSet): object {
  return { kind: "dns#resourceRecordSet", ...set, signatureRrdatas: [] };
}

function readRecordSet(value: unknown): RecordSet {
  const input: JsonObject = objectOf(value);
  const type = textOf(input.type) ?? "";
  return {
    name: (textOf(input.name) ?? "").toLowerCase(),
    type,
    ttl: typeof input.ttl === "number" ? input.ttl : 0,
    rrdatas: textsOf(input.rrdatas).map((data) => (type === "TXT" ? quoted(data) : data)),
  };
}

/**
 * TXT data are stored as quoted strings, with or without quotes in the request.
 *
 * @see https://cloud.google.com/dns/docs/records-overview#supported_dns_record_types
 */
function quoted(data: string): string {
  return txtStrings(data)
    .map((text) => `"${text.replace(/["\\]/g, "\\$&")}"`)
    .join(" ");
}
