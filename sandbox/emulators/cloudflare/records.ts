import { dnsName } from "../../../lib/dnsName.ts";
import { isIPv4, isIPv6 } from "node:net";
import { type JsonObject, parseObject, textOf, textsOf } from "../shared/json.ts";
import { type Exchange, type Handler, type Reply, type Route, route } from "../shared/router.ts";
import { randomHex } from "../shared/secrets.ts";
import { txtValue } from "../shared/txt.ts";
import { API_PREFIX, type CloudflareContext } from "./context.ts";
import { cloudflareError, page, refusal, success } from "./envelope.ts";
import type { DnsRecord, Zone } from "./state.ts";
import { authorizedZone } from "./zones.ts";

/** "Automatic", Cloudflare's default for a record without a TTL. */
const AUTOMATIC = 1;

/** The rules for the content of a record by its type. */
const CONTENT_RULES: Readonly<Record<string, { check(content: string): boolean; say: string }>> = {
  A: { check: isIPv4, say: "Content for A record is invalid. Must be a valid IPv4 address" },
  AAAA: { check: isIPv6, say: "Content for AAAA record is invalid. Must be a valid IPv6 address" },
};

/** Fields by which a list can be filtered; the plugin's client sends `name.exact`, lego and others `name`. */
const FILTERS: Readonly<Record<string, (record: DnsRecord) => string>> = {
  name: ({ name }) => name,
  "name.exact": ({ name }) => name,
  type: ({ type }) => type,
  content: (record) => comparable(record),
  "content.exact": (record) => comparable(record),
};

/**
 * The calls about DNS records.
 *
 * @see https://developers.cloudflare.com/api/resources/dns/subresources/records/
 */
export function recordRoutes(context: CloudflareContext): Route[] {
  const collection = `${API_PREFIX}/zones/{zone}/dns_records`;
  const one = `${collection}/{record}`;
  const replace: Handler = (exchange) => change(context, exchange, () => ({}));
  const patch: Handler = (exchange) => change(context, exchange, (record) => ({ ...record }));
  return [
    route("GET", collection, (exchange) => list(context, exchange)),
    route("POST", collection, (exchange) => create(context, exchange)),
    route("GET", one, (exchange) => {
      const zone = authorizedZone(context, exchange, "dns.read");
      return success(recordBody(findRecord(context, zone, exchange)));
    }),
    route("PUT", one, replace),
    route("PATCH", one, patch),
    route("DELETE", one, (exchange) => remove(context, exchange)),
  ];
}

/** Publishes all TXT records of a zone, for a newly started challenge server. */
export async function publishZone(context: CloudflareContext, zone: Zone): Promise<void> {
  const texts = context.state.records.filter(
    ({ zoneId, type }) => zoneId === zone.id && type === "TXT",
  );
  for (const name of new Set(texts.map((record) => record.name))) {
    await publish(context, zone, name);
  }
}

/** Deletes all records of a zone, and removes their published values. */
export async function removeRecords(context: CloudflareContext, zone: Zone): Promise<void> {
  const { state } = context;
  const gone = state.records.filter(({ zoneId }) => zoneId === zone.id);
  state.records = state.records.filter((record) => !gone.includes(record));
  for (const name of new Set(gone.map((record) => record.name))) {
    await publish(context, zone, name);
  }
}

function list(context: CloudflareContext, exchange: Exchange): Reply {
  const zone = authorizedZone(context, exchange, "dns.read");
  const filters = Object.entries(FILTERS).flatMap(([field, of]) => {
    const wanted = exchange.query.get(field);
    if (wanted === null) {
      return [];
    }
    const value = field.startsWith("content") ? txtValue(wanted) : wanted;
    return [(record: DnsRecord) => of(record).toLowerCase() === value.toLowerCase()];
  });
  const records = context.state.records
    .filter(({ zoneId }) => zoneId === zone.id)
    .filter((record) => filters.every((matches) => matches(record)));
  return page(exchange, records.map(recordBody), context.state.settings.pageSize, 100);
}

async function create(context: CloudflareContext, exchange: Exchange): Promise<Reply> {
  const zone = authorizedZone(context, exchange, "dns.write");
  const now = new Date(context.now()).toISOString();
  const record: DnsRecord = {
    ...readRecord(zone, parseObject(exchange.body) ?? {}),
    id: randomHex(32),
    createdOn: now,
    modifiedOn: now,
  };
  refuseIdentical(context, record);
  context.state.records.push(record);
  await publish(context, zone, record.name);
  return success(recordBody(record));
}

/** Applies new fields to the result of `base` for the record: nothing for PUT, all fields for PATCH. */
async function change(
  context: CloudflareContext,
  exchange: Exchange,
  base: (record: DnsRecord) => JsonObject,
): Promise<Reply> {
  const zone = authorizedZone(context, exchange, "dns.write");
  const old = findRecord(context, zone, exchange);
  const record: DnsRecord = {
    ...readRecord(zone, { ...base(old), ...parseObject(exchange.body) }),
    id: old.id,
    createdOn: old.createdOn,
    modifiedOn: new Date(context.now()).toISOString(),
  };
  refuseIdentical(context, record);
  context.state.records = context.state.records.map((other) => (other === old ? record : other));
  await publish(context, zone, old.name);
  await publish(context, zone, record.name);
  return success(recordBody(record));
}

async function remove(context: CloudflareContext, exchange: Exchange): Promise<Reply> {
  const zone = authorizedZone(context, exchange, "dns.write");
  const record = findRecord(context, zone, exchange);
  context.state.records = context.state.records.filter((other) => other !== record);
  await publish(context, zone, record.name);
  return success({ id: record.id });
}

function findRecord(context: CloudflareContext, zone: Zone, exchange: Exchange): DnsRecord {
  const record = context.state.records.find(
    ({ id, zoneId }) => zoneId === zone.id && id === exchange.params.record,
  );
  if (!record) {
    throw refusal("noSuchRecord");
  }
  return record;
}

/** Reads the fields of a record that a request can set. */
function readRecord(
  zone: Zone,
  input: JsonObject,
): Omit<DnsRecord, "id" | "createdOn" | "modifiedOn"> {
  const type = textOf(input.type) ?? "";
  const content = textOf(input.content) ?? "";
  const ttl = input.ttl ?? AUTOMATIC;
  if (!textOf(input.name)) {
    throw invalidRecord(9000, "DNS name is invalid.");
  }
  if (!/^[A-Z]+$/.test(type)) {
    throw invalidRecord(9004, "Invalid or missing record type.");
  }
  const rule = CONTENT_RULES[type];
  if (content === "" || rule?.check(content) === false) {
    throw invalidRecord(9005, rule?.say ?? `Content for ${type} record is invalid.`);
  }
  if (typeof ttl !== "number" || !(ttl === AUTOMATIC || (ttl >= 60 && ttl <= 86400))) {
    const range = "Must be between 60 and 86400 seconds, or 1 for Automatic.";
    throw invalidRecord(9021, `Invalid TTL. ${range}`);
  }
  return {
    zoneId: zone.id,
    name: nameIn(zone, textOf(input.name) ?? ""),
    type,
    content,
    ttl,
    proxied: input.proxied === true,
    comment: textOf(input.comment) ?? null,
    tags: textsOf(input.tags),
  };
}

/** A name outside the zone is relative to the zone. Records have their names in ASCII, unlike zones. */
function nameIn(zone: Zone, name: string): string {
  const [plain, apex] = [dnsName(name), dnsName(zone.name)];
  if (plain === "@") {
    return apex;
  }
  return plain === apex || plain.endsWith(`.${apex}`) ? plain : `${plain}.${apex}`;
}

function refuseIdentical(context: CloudflareContext, record: DnsRecord): void {
  const identical = context.state.records.some(
    (other) =>
      other.id !== record.id &&
      other.zoneId === record.zoneId &&
      other.name === record.name &&
      other.type === record.type &&
      comparable(other) === comparable(record),
  );
  if (identical) {
    throw refusal("identicalRecord");
  }
}

/** The content without the optional quotes of TXT content. */
function comparable({ type, content }: DnsRecord): string {
  return type === "TXT" ? txtValue(content) : content;
}

async function publish(context: CloudflareContext, zone: Zone, name: string): Promise<void> {
  const values = context.state.records
    .filter((record) => record.zoneId === zone.id && record.name === name && record.type === "TXT")
    .map(comparable);
  await context.mirror.publish(`cloudflare:${zone.id}`, name, values);
}

function invalidRecord(code: number, message: string) {
  return cloudflareError(400, {
    code: 1004,
    message: "DNS Validation Error",
    error_chain: [{ code, message }],
  });
}

function recordBody(record: DnsRecord): object {
  const { id, name, type, content, ttl, proxied, comment, tags, createdOn, modifiedOn } = record;
  return {
    id,
    name,
    type,
    content,
    proxiable: ["A", "AAAA", "CNAME"].includes(type),
    proxied,
    ttl,
    settings: {},
    meta: {},
    comment,
    tags,
    created_on: createdOn,
    modified_on: modifiedOn,
  };
}
