import { Diagnostic } from "../bridge.ts";
import { unlessStatus } from "../failures.ts";
import type { PluginFunction, Resource } from "../plugin.ts";
import { listOf, objectOf, type Properties, textOf } from "../values.ts";
import type { CloudflareApi } from "./client.ts";
import { camelCased, queryOf } from "./names.ts";

const MATCH_ALL = "all";

const TYPES: readonly unknown[] = ["full", "partial", "secondary", "internal"];

/**
 * `cloudflare:index/zone:Zone`. Without `vanityNameServers`, which not every plan has.
 *
 * @see https://github.com/cloudflare/terraform-provider-cloudflare/tree/main/internal/services/zone
 */
export const zone: Resource<CloudflareApi> = {
  properties: {
    account: {
      required: true,
      replaces: true,
      // Responses also contain the account's name.
      same: (old, wanted) => objectOf(old).id === objectOf(wanted).id,
    },
    name: { required: true, replaces: true },
    type: {
      computed: true,
      check: (value) => (TYPES.includes(value) ? undefined : `expected one of ${TYPES.join(", ")}`),
    },
    paused: { computed: true },
    activatedOn: { output: true, unsettled: true },
    cnameSuffix: { output: true },
    createdOn: { output: true },
    developmentMode: { output: true },
    meta: { output: true },
    modifiedOn: { output: true, unsettled: true },
    nameServers: { output: true },
    originalDnshost: { output: true },
    originalNameServers: { output: true },
    originalRegistrar: { output: true },
    owner: { output: true },
    permissions: { output: true },
    plan: { output: true },
    status: { output: true, unsettled: true },
    tenant: { output: true },
    tenantUnit: { output: true },
    verificationKey: { output: true },
  },

  async create(cloud, inputs) {
    const made = await cloud.call("POST", "zones", inputs);
    return { id: textOf(objectOf(made).id), outputs: outputsOf(made) };
  },

  async read(cloud, id) {
    const found = await unlessStatus([404], () => cloud.call("GET", `zones/${id}`));
    return found === undefined ? undefined : { id, outputs: outputsOf(found) };
  },

  async update(cloud, id, _state, { type, paused }) {
    return outputsOf(await cloud.call("PATCH", `zones/${id}`, { type, paused }));
  },

  async delete(cloud, id) {
    await cloud.call("DELETE", `zones/${id}`);
  },
};

/** `cloudflare:index/getZone:getZone`: by its id, or by a filter that matches only one zone. */
export const getZone: PluginFunction<CloudflareApi> = async (cloud, args) => {
  const zoneId = textOf(args.zoneId) || (await findZone(cloud, objectOf(args.filter)));
  const zone = objectOf(camelCased(await cloud.call("GET", `zones/${zoneId}`)));
  return { ...zone, zoneId, ...(args.filter === undefined ? {} : { filter: args.filter }) };
};

/** `cloudflare:index/getZones:getZones`: all zones that match the filter. */
export const getZones: PluginFunction<CloudflareApi> = async (cloud, args) => {
  const most = typeof args.maxItems === "number" ? args.maxItems : undefined;
  const zones = await cloud.list("zones", zoneQuery(args), most);
  return { match: MATCH_ALL, ...args, results: zones.map(camelCased) };
};

function outputsOf(body: unknown): Properties {
  const { id: _, ...outputs } = objectOf(camelCased(body));
  return outputs;
}

/** Counts only the zones of the first page, as the official plugin does. */
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
