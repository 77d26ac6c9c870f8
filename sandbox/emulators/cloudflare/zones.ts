import { dnsName } from "../../../lib/dnsName.ts";
import { type Exchange, type Reply, type Route, route } from "../shared/router.ts";
import { authenticate, authorize, may } from "./callers.ts";
import { API_PREFIX, type CloudflareContext } from "./context.ts";
import { page, refusal, success, unroutable } from "./envelope.ts";
import type { Action } from "./resources.ts";
import type { Zone } from "./state.ts";

const ID = /^[0-9a-f]{32}$/;

/** The name servers of a zone that is seeded without name servers. */
export const NAME_SERVERS: readonly string[] = ["ada.ns.cloudflare.com", "bob.ns.cloudflare.com"];

/**
 * The calls that read zones.
 *
 * @see https://developers.cloudflare.com/api/resources/zones/
 */
export function zoneRoutes(context: CloudflareContext): Route[] {
  return [
    route("GET", `${API_PREFIX}/zones`, (exchange) => list(context, exchange)),
    route("GET", `${API_PREFIX}/zones/{zone}`, (exchange) =>
      success(zoneBody(context, authorizedZone(context, exchange, "zone.read"))),
    ),
  ];
}

/** The zone in the path, if the caller may perform this action on it. */
export function authorizedZone(
  context: CloudflareContext,
  exchange: Exchange,
  action: Action,
): Zone {
  const id = exchange.params.zone ?? "";
  const zone = context.state.zones.find((candidate) => candidate.id === id);
  if (zone) {
    authorize(context, exchange, action, { zone });
    return zone;
  }
  const caller = authenticate(context, exchange);
  if (ID.test(id) && caller !== "admin") {
    // The same error as for another owner's zone, so that it does not disclose which ids exist.
    throw refusal(action === "zone.read" ? "unauthorized" : "authentication");
  }
  throw unroutable(exchange.path.slice(API_PREFIX.length));
}

/** A token gets the zones that it may read, or an empty list. */
function list(context: CloudflareContext, exchange: Exchange): Reply {
  const caller = authenticate(context, exchange);
  const { query } = exchange;
  const wanted: [filter: string | null, of: (zone: Zone) => string][] = [
    [query.get("account.id"), ({ accountId }) => accountId],
    [query.get("account.name"), (zone) => accountNameOf(context, zone)],
    [query.get("status"), ({ status = "active" }) => status],
  ];
  const zones = context.state.zones
    .filter((zone) => may(caller, "zone.read", { zone }))
    .filter((zone) => isNamed(zone, query.get("name")))
    .filter((zone) => wanted.every(([filter, of]) => filter === null || filter === of(zone)));
  return page(
    exchange,
    zones.map((zone) => zoneBody(context, zone)),
    context.state.settings.pageSize,
  );
}

/** Whether a zone has the requested name; an internationalized name matches in both forms. */
export function isNamed(zone: Zone, name: string | null): boolean {
  return name === null || dnsName(zone.name) === dnsName(name);
}

/** Whether Cloudflare serves DNS for a zone. */
export function isServed({ status = "active", type = "full" }: Zone): boolean {
  return status === "active" && type === "full";
}

function accountNameOf({ state }: CloudflareContext, { accountId }: Zone): string {
  return state.accounts.find(({ id }) => id === accountId)?.name ?? "";
}

/** A zone as in responses. */
export function zoneBody(context: CloudflareContext, zone: Zone): object {
  const { id, name, accountId, createdOn, status = "active", type = "full", paused = false } = zone;
  return {
    id,
    name,
    status,
    paused,
    type,
    development_mode: 0,
    name_servers: zone.nameServers ?? NAME_SERVERS,
    original_name_servers: null,
    original_registrar: null,
    original_dnshost: null,
    modified_on: createdOn,
    created_on: createdOn,
    activated_on: status === "active" ? createdOn : null,
    meta: {
      step: 2,
      custom_certificate_quota: 0,
      page_rule_quota: 3,
      phishing_detected: false,
    },
    owner: { id: null, type: "user", email: null },
    account: { id: accountId, name: accountNameOf(context, zone) },
    tenant: { id: null, name: null },
    tenant_unit: { id: null },
    permissions: ["#dns_records:edit", "#dns_records:read", "#zone:read"],
    plan: {
      id: "0feeeeeeeeeeeeeeeeeeeeeeeeeeeeee",
      name: "Free Website",
      price: 0,
      currency: "USD",
      frequency: "",
      is_subscribed: false,
      can_subscribe: false,
      legacy_id: "free",
      legacy_discount: false,
      externally_managed: false,
    },
  };
}
