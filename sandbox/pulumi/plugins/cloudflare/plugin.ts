import { frameworkBridge } from "../bridge.ts";
import type { Plugin } from "../plugin.ts";
import { CloudflareApi } from "./client.ts";
import {
  getAccountApiTokenPermissionGroupsList,
  getApiTokenPermissionGroupsList,
} from "./permissionGroups.ts";
import { cloudflareSettings } from "./settings.ts";
import { accountToken, apiToken } from "./tokens.ts";
import { getZone, getZones, zone } from "./zones.ts";

/** The stand-in for `pulumi-resource-cloudflare`. */
export const cloudflarePlugin: Plugin<CloudflareApi> = {
  name: "cloudflare",
  settings: cloudflareSettings,
  bridge: frameworkBridge,
  connect: (settings) => new CloudflareApi(settings),
  resources: {
    "cloudflare:index/apiToken:ApiToken": apiToken,
    "cloudflare:index/accountToken:AccountToken": accountToken,
    "cloudflare:index/zone:Zone": zone,
  },
  functions: {
    "cloudflare:index/getZone:getZone": getZone,
    "cloudflare:index/getZones:getZones": getZones,
    "cloudflare:index/getApiTokenPermissionGroupsList:getApiTokenPermissionGroupsList":
      getApiTokenPermissionGroupsList,
    "cloudflare:index/getAccountApiTokenPermissionGroupsList:getAccountApiTokenPermissionGroupsList":
      getAccountApiTokenPermissionGroupsList,
  },
};
