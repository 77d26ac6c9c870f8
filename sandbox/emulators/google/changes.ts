import { parseObject } from "../shared/json.ts";
import { type Exchange, type Reply, type Route, route } from "../shared/router.ts";
import { txtValue } from "../shared/txt.ts";
import type { GoogleContext } from "./context.ts";
import { type DnsProblem, dnsError } from "./errors.ts";
import { findRecordSet, readRecordSets, recordSetBody, sameRecords } from "./recordSets.ts";
import type { Change, ManagedZone, RecordSet } from "./state.ts";
import { authorizedZone, zonePaths } from "./zones.ts";

/** The two lists of a change. */
type Side = "additions" | "deletions";

/**
 * The calls of Cloud DNS about changes of record sets, and the list of record sets.
 *
 * @see https://cloud.google.com/dns/docs/reference/rest/v1/changes
 * @see https://cloud.google.com/dns/docs/reference/rest/v1/resourceRecordSets/list
 */
export function changeRoutes(context: GoogleContext): Route[] {
  return [
    ...zonePaths("/changes").map((path) =>
      route("POST", path, (exchange) => create(context, exchange)),
    ),
    ...zonePaths("/changes/{change}").map((path) =>
      route("GET", path, (exchange) => get(context, exchange)),
    ),
    ...zonePaths("/rrsets").map((path) =>
      route("GET", path, (exchange) => listRecordSets(context, exchange)),
    ),
  ];
}

/** Publishes all TXT records of a zone, for a newly started challenge server. */
export async function publishZone(context: GoogleContext, zone: ManagedZone): Promise<void> {
  const texts = zone.recordSets.filter(({ type }) => type === "TXT");
  await publish(context, zone, new Set(texts.map(({ name }) => name)));
}

async function create(context: GoogleContext, exchange: Exchange): Promise<Reply> {
  const body = parseObject(exchange.body) ?? {};
  const additions = readRecordSets(body.additions);
  const deletions = readRecordSets(body.deletions);
  const permissions = requiredPermissions(additions, deletions);
  // Each permission is checked in turn, so that the refusal names the first missing one.
  const [zone] = permissions.map((permission) => authorizedZone(context, exchange, permission));
  if (!zone || additions.length + deletions.length === 0) {
    throw dnsError({
      code: 400,
      reason: "required",
      message: "The 'entity.change' parameter is required but was missing.",
    });
  }
  const [first, ...rest] = [
    ...deletions.flatMap((set, index) => deletionProblems(zone, set, index)),
    ...additions.flatMap((set, index) => additionProblems(zone, set, index, deletions)),
  ];
  if (first) {
    throw dnsError(first, ...rest);
  }
  const change = apply(context, zone, additions, deletions);
  const names = [...additions, ...deletions].filter(({ type }) => type === "TXT");
  await publish(context, zone, new Set(names.map(({ name }) => name)));
  return { status: 200, body: changeBody(context, change) };
}

/**
 * The permissions that a change requires in addition to dns.changes.create: one for new sets, one for deleted sets,
 * and another for replaced sets.
 *
 * @see https://cloud.google.com/dns/docs/access-control#permissions
 */
function requiredPermissions(
  additions: readonly RecordSet[],
  deletions: readonly RecordSet[],
): string[] {
  const added = new Set(additions.map(setKey));
  const deleted = new Set(deletions.map(setKey));
  const kinds: [needed: boolean, verb: string][] = [
    [[...added].some((key) => !deleted.has(key)), "create"],
    [[...deleted].some((key) => !added.has(key)), "delete"],
    [[...added].some((key) => deleted.has(key)), "update"],
  ];
  return [
    "dns.changes.create",
    ...kinds.filter(([needed]) => needed).map(([, verb]) => `dns.resourceRecordSets.${verb}`),
  ];
}

/** @see https://github.com/kubernetes-sigs/external-dns/issues/2817 for the text */
function deletionProblems(zone: ManagedZone, set: RecordSet, index: number): DnsProblem[] {
  const path = entityPath("deletions", index);
  const existing = findRecordSet(zone, set);
  if (!existing) {
    return [
      {
        code: 404,
        reason: "notFound",
        message: `The '${path}' resource named '${setKey(set)}' does not exist.`,
      },
    ];
  }
  if (!sameRecords(existing, set)) {
    return [
      { code: 412, reason: "conditionNotMet", message: `Precondition not met for '${path}'` },
    ];
  }
  return [];
}

function additionProblems(
  zone: ManagedZone,
  set: RecordSet,
  index: number,
  deletions: readonly RecordSet[],
): DnsProblem[] {
  const path = entityPath("additions", index);
  const invalid = (field: string, value: unknown): DnsProblem => ({
    code: 400,
    reason: "invalid",
    message: `Invalid value for '${path}.${field}': '${String(value)}'`,
  });
  if (set.name !== zone.dnsName && !set.name.endsWith(`.${zone.dnsName}`)) {
    return [invalid("name", set.name)];
  }
  if (!/^[A-Z]+$/.test(set.type)) {
    return [invalid("type", set.type)];
  }
  if (set.rrdatas.length === 0) {
    return [invalid("rrdata", "")];
  }
  const replaced = deletions.some((deletion) => setKey(deletion) === setKey(set));
  if (!replaced && findRecordSet(zone, set)) {
    return [
      {
        code: 409,
        reason: "alreadyExists",
        message: `The resource '${path}' named '${setKey(set)}' already exists`,
      },
    ];
  }
  return [];
}

function apply(
  context: GoogleContext,
  zone: ManagedZone,
  additions: readonly RecordSet[],
  deletions: readonly RecordSet[],
): Change {
  const gone = new Set(deletions.map(setKey));
  zone.recordSets = [...zone.recordSets.filter((set) => !gone.has(setKey(set))), ...additions];
  const now = context.now();
  const change: Change = {
    id: String(zone.changes.length + 1),
    startTime: new Date(now).toISOString(),
    additions,
    deletions,
    doneAt: now + context.state.settings.changeDelayMs,
  };
  zone.changes.push(change);
  return change;
}

async function publish(
  context: GoogleContext,
  zone: ManagedZone,
  names: ReadonlySet<string>,
): Promise<void> {
  for (const name of names) {
    const values = findRecordSet(zone, { name, type: "TXT" })?.rrdatas.map(txtValue) ?? [];
    await context.mirror.publish(`google:${zone.id}`, name, values);
  }
}

function get(context: GoogleContext, exchange: Exchange): Reply {
  const zone = authorizedZone(context, exchange, "dns.changes.get");
  const id = exchange.params.change;
  const change = zone.changes.find((candidate) => candidate.id === id);
  if (!change) {
    throw dnsError({
      code: 404,
      reason: "notFound",
      message: `The 'parameters.changeId' resource named '${id}' does not exist.`,
    });
  }
  return { status: 200, body: changeBody(context, change) };
}

function listRecordSets(context: GoogleContext, exchange: Exchange): Reply {
  const zone = authorizedZone(context, exchange, "dns.resourceRecordSets.list");
  const name = exchange.query.get("name");
  const type = exchange.query.get("type");
  const rrsets = zone.recordSets
    .filter((set) => (name === null || set.name === name) && (type === null || set.type === type))
    .map(recordSetBody);
  return { status: 200, body: { kind: "dns#resourceRecordSetsListResponse", rrsets } };
}

function changeBody(context: GoogleContext, change: Change): object {
  const { id, startTime, doneAt } = change;
  const side = (name: Side) =>
    change[name].length > 0 ? { [name]: change[name].map(recordSetBody) } : {};
  return {
    kind: "dns#change",
    id,
    startTime,
    status: doneAt <= context.now() ? "done" : "pending",
    ...side("additions"),
    ...side("deletions"),
  };
}

function entityPath(side: Side, index: number): string {
  return `entity.change.${side}[${index}]`;
}

function setKey({ name, type }: RecordSet): string {
  return `${name} (${type})`;
}
