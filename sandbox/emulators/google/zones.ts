import { parseObject, textsOf } from "../shared/json.ts";
import { randomDigits } from "../shared/secrets.ts";
import { type Exchange, type Handler, type Route, route } from "../shared/router.ts";
import { authorize, type Target, testPermissions } from "./callers.ts";
import type { GoogleContext } from "./context.ts";
import { dnsError } from "./errors.ts";
import { emptyPolicy, policyBody, setPolicy } from "./policies.ts";
import { findProject, projectTarget } from "./projects.ts";
import { apexRecordSets } from "./recordSets.ts";
import type { ManagedZone, Project } from "./state.ts";

/** The gcp plugin uses v1beta2, all other clients v1; the emulated calls are identical in both. */
const VERSIONS: readonly string[] = ["v1", "v1beta2"];

/** The maximum size of a page of a list. */
const PAGE_SIZE = 100;

const COLLECTION = "/projects/{project}/managedZones";

/**
 * The calls of Cloud DNS about managed zones and their policies.
 *
 * @see https://cloud.google.com/dns/docs/reference/rest/v1/managedZones
 */
export function zoneRoutes(context: GoogleContext): Route[] {
  const allowed =
    (verb: string, use: (zone: ManagedZone, exchange: Exchange) => unknown): Handler =>
    (exchange) => ({
      status: 200,
      body: use(authorizedZone(context, exchange, `dns.managedZones.${verb}`), exchange),
    });
  const table: [method: string, suffix: string, handler: Handler][] = [
    ["GET", "", allowed("get", zoneBody)],
    ["POST", ":getIamPolicy", allowed("getIamPolicy", ({ policy }) => policyBody(policy))],
    [
      "POST",
      ":setIamPolicy",
      allowed("setIamPolicy", ({ policy }, exchange) => setPolicy(context, policy, exchange)),
    ],
    ["POST", ":testIamPermissions", (exchange) => testZonePermissions(context, exchange)],
  ];
  return [
    ...dnsPaths(COLLECTION).map((path) =>
      route("GET", path, (exchange) => ({ status: 200, body: list(context, exchange) })),
    ),
    ...table.flatMap(([method, suffix, handler]) =>
      zonePaths(suffix).map((path) => route(method, path, handler)),
    ),
  ];
}

/** The paths, one per version of the API, of something below a managed zone. */
export function zonePaths(suffix: string): string[] {
  return dnsPaths(`${COLLECTION}/{zone}${suffix}`);
}

/** The zone in the path, if the caller has the permission on it, by the policy of the project or of the zone. */
export function authorizedZone(
  context: GoogleContext,
  exchange: Exchange,
  permission: string,
): ManagedZone {
  const { zone, target } = zoneOf(context, exchange);
  authorize(context, exchange, "dns", permission, target);
  if (!zone) {
    throw dnsError({
      code: 404,
      reason: "notFound",
      message: `The 'parameters.managedZone' resource named '${exchange.params.zone}' does not exist.`,
    });
  }
  return zone;
}

/** Creates a zone, as the console would; the emulated Cloud DNS cannot. */
export function createZone(
  context: GoogleContext,
  project: Project,
  { name, dnsName, visibility = "public", description = "", nameServers }: NewZone,
): ManagedZone {
  // Another zone of the same name gets other name servers, the only difference between the two on the internet.
  const number = 1 + project.zones.filter((zone) => zone.dnsName === dnsName).length;
  const servers =
    nameServers ??
    ["a", "b", "c", "d"].map((letter) => `ns-cloud-${letter}${number}.googledomains.com.`);
  const zone: ManagedZone = {
    id: randomDigits(19),
    name,
    dnsName,
    description,
    visibility,
    nameServers: servers,
    creationTime: new Date(context.now()).toISOString(),
    policy: emptyPolicy(),
    recordSets: apexRecordSets(dnsName, servers),
    changes: [],
  };
  project.zones.push(zone);
  return zone;
}

/** The inputs of a new zone. */
export interface NewZone {
  readonly name: string;
  /** Fully qualified, with the final dot. */
  readonly dnsName: string;
  /** @default "public" */
  readonly visibility?: "public" | "private";
  readonly description?: string;
  /** @default four of Google's name servers */
  readonly nameServers?: readonly string[];
}

function dnsPaths(path: string): string[] {
  return VERSIONS.map((version) => `/dns/${version}${path}`);
}

/** The zone by its name or its number, and the target of permissions on it. */
function zoneOf(
  context: GoogleContext,
  exchange: Exchange,
): { zone: ManagedZone | undefined; target: Target } {
  const { project: projectId = "", zone: id = "" } = exchange.params;
  const zone = findProject(context, projectId)?.zones.find(
    (candidate) => candidate.name === id || candidate.id === id,
  );
  const { policies } = projectTarget(context, projectId);
  return {
    zone,
    target: {
      name: `projects/${projectId}/managedZones/${id}`,
      policies: zone ? [...policies, zone.policy] : policies,
    },
  };
}

/** Checked on the project: a grant on a zone does not add it to the list. */
function list(context: GoogleContext, exchange: Exchange): object {
  const { project = "" } = exchange.params;
  const target = projectTarget(context, project);
  authorize(context, exchange, "dns", "dns.managedZones.list", target);
  const dnsName = exchange.query.get("dnsName");
  const zones = (findProject(context, project)?.zones ?? []).filter(
    (zone) => dnsName === null || zone.dnsName === dnsName,
  );
  const wanted = Number(exchange.query.get("maxResults") ?? PAGE_SIZE) || PAGE_SIZE;
  const size = Math.min(wanted, mostOnPage(context));
  // Page tokens are opaque, as Google's are.
  const start = Number(
    Buffer.from(exchange.query.get("pageToken") ?? "", "base64url").toString() || 0,
  );
  const end = start + size;
  return {
    kind: "dns#managedZonesListResponse",
    managedZones: zones.slice(start, end).map(zoneBody),
    ...(end < zones.length && { nextPageToken: Buffer.from(String(end)).toString("base64url") }),
  };
}

function mostOnPage({ state }: GoogleContext): number {
  const { pageSize = 0 } = state.settings;
  return pageSize === 0 ? PAGE_SIZE : pageSize;
}

function testZonePermissions(context: GoogleContext, exchange: Exchange) {
  const asked = textsOf(parseObject(exchange.body)?.permissions);
  const permissions = testPermissions(context, exchange, asked, zoneOf(context, exchange).target);
  return { status: 200, body: { permissions } };
}

function zoneBody(zone: ManagedZone): object {
  const { id, name, dnsName, description, visibility, nameServers, creationTime } = zone;
  return {
    kind: "dns#managedZone",
    id,
    name,
    dnsName,
    description,
    visibility,
    nameServers,
    creationTime,
    dnssecConfig: { kind: "dns#managedZoneDnsSecConfig", state: "off" },
    cloudLoggingConfig: { kind: "dns#managedZoneCloudLoggingConfig" },
  };
}
