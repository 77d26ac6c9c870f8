import { Diagnostic } from "../bridge.ts";
import type { PluginFunction } from "../plugin.ts";
import { listOf, objectOf, type Properties, textOf } from "../values.ts";
import type { CloudflareApi } from "./client.ts";
import { camelCased, queryOf } from "./names.ts";

const MATCH_ALL = "all";

/** `cloudflare:index/getZone:getZone`: by its id, or by a filter that only it passes. */
export const getZone: PluginFunction<CloudflareApi> = async (cloud, args) => {
  const zoneId = textOf(args.zoneId) || (await findZone(cloud, objectOf(args.filter)));
  const zone = objectOf(camelCased(await cloud.call("GET", `zones/${zoneId}`)));
  return { ...zone, zoneId, ...(args.filter === undefined ? {} : { filter: args.filter }) };
};

/** `cloudflare:index/getZones:getZones`: all that pass the filter. */
export const getZones: PluginFunction<CloudflareApi> = async (cloud, args) => {
  const most = typeof args.maxItems === "number" ? args.maxItems : undefined;
  const zones = await cloud.list("zones", zoneQuery(args), most);
  return { match: MATCH_ALL, ...args, results: zones.map(camelCased) };
};

/** Counts the zones of the first page alone, as the official plugin does. */
async function findZone(cloud: CloudflareApi, filter: Properties): Promise<string> {
  const zones = listOf(await cloud.call("GET", `zones?${zoneQuery(filter).toString()}`));
  if (zones.length !== 1) {
    throw new Diagnostic("failed to find exactly one result", `${zones.length} found`);
  }
  return textOf(objectOf(zones[0]).id);
}

function zoneQuery(filter: Properties): URLSearchParams {
  const account = objectOf(filter.account);
  return queryOf({
    "account.id": account.id,
    "account.name": account.name,
    direction: filter.direction,
    match: filter.match ?? MATCH_ALL,
    name: filter.name,
    order: filter.order,
    status: filter.status,
    type: listOf(filter.types).join(","),
  });
}
