import type { PluginFunction } from "../plugin.ts";
import { type Properties, textOf } from "../values.ts";
import type { CloudflareApi } from "./client.ts";
import { camelCased, queryOf } from "./names.ts";

/** `cloudflare:index/getApiTokenPermissionGroupsList`: the permission groups for user tokens. */
export const getApiTokenPermissionGroupsList: PluginFunction<CloudflareApi> = (cloud, args) =>
  listGroups(cloud, "user/tokens/permission_groups", args);

/** `cloudflare:index/getAccountApiTokenPermissionGroupsList`: the permission groups for account tokens. */
export const getAccountApiTokenPermissionGroupsList: PluginFunction<CloudflareApi> = (
  cloud,
  args,
) => listGroups(cloud, `accounts/${textOf(args.accountId)}/tokens/permission_groups`, args);

async function listGroups(
  cloud: CloudflareApi,
  path: string,
  args: Properties,
): Promise<Properties> {
  const query = queryOf({ name: args.name, scope: args.scope });
  const most = typeof args.maxItems === "number" ? args.maxItems : undefined;
  const groups = await cloud.list(path, query, most);
  return { ...args, results: groups.map(camelCased) };
}
