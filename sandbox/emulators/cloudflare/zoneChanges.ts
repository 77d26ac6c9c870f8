import { type JsonObject, objectOf, parseObject, textOf } from "../shared/json.ts";
import { type Exchange, type Reply, type Route, route } from "../shared/router.ts";
import { randomHex } from "../shared/secrets.ts";
import { authenticate, may } from "./callers.ts";
import { API_PREFIX, type CloudflareContext } from "./context.ts";
import { invalidRequest, refusal, success } from "./envelope.ts";
import { removeRecords } from "./records.ts";
import { acceptedGroups } from "./resources.ts";
import type { Zone } from "./state.ts";
import { authorizedZone, zoneBody } from "./zones.ts";

/**
 * The calls that create, change and delete zones.
 *
 * @see https://developers.cloudflare.com/api/resources/zones/
 */
export function zoneChangeRoutes(context: CloudflareContext): Route[] {
  const one = `${API_PREFIX}/zones/{zone}`;
  return [
    route("POST", `${API_PREFIX}/zones`, (exchange) => create(context, exchange)),
    route("PATCH", one, (exchange) => change(context, exchange)),
    route("DELETE", one, (exchange) => remove(context, exchange)),
  ];
}

function create(context: CloudflareContext, exchange: Exchange): Reply {
  const caller = authenticate(context, exchange);
  const { state } = context;
  const input = parseObject(exchange.body) ?? {};
  const accountId = textOf(objectOf(input.account).id);
  if (accountId === undefined) {
    throw refusal("zoneWithoutAccount");
  }
  const zone: Zone = {
    id: randomHex(32),
    accountId,
    name: textOf(input.name)?.toLowerCase() ?? "",
    createdOn: new Date(context.now()).toISOString(),
    status: "pending",
    ...settings(input),
  };
  // A token that is restricted to zones cannot name a zone that does not exist yet.
  if (!state.accounts.some(({ id }) => id === accountId) || !may(caller, "zone.write", { zone })) {
    exchange.denied = acceptedGroups("zone.write")[0] ?? "";
    throw refusal("cannotCreateZone");
  }
  if (state.zones.some((other) => other.name === zone.name && other.accountId === accountId)) {
    // https://github.com/midl-dev/tezos-on-gke/issues/3
    throw invalidRequest(1061, `${zone.name} already exists`);
  }
  state.zones.push(zone);
  return success(zoneBody(context, zone));
}

function change(context: CloudflareContext, exchange: Exchange): Reply {
  const old = authorizedZone(context, exchange, "zone.write");
  const zone: Zone = { ...old, ...settings(parseObject(exchange.body) ?? {}) };
  context.state.zones = context.state.zones.map((other) => (other === old ? zone : other));
  return success(zoneBody(context, zone));
}

async function remove(context: CloudflareContext, exchange: Exchange): Promise<Reply> {
  const zone = authorizedZone(context, exchange, "zone.write");
  context.state.zones = context.state.zones.filter((other) => other !== zone);
  await removeRecords(context, zone);
  return success({ id: zone.id });
}

/** The fields of a zone that a request sets and that are emulated. */
function settings({ type, paused }: JsonObject): Pick<Zone, "type" | "paused"> {
  return {
    ...(typeof type === "string" && { type }),
    ...(typeof paused === "boolean" && { paused }),
  };
}
