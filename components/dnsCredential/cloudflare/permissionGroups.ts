import { getAccountApiTokenPermissionGroupsList } from "@pulumi/cloudflare/getAccountApiTokenPermissionGroupsList.js";
import { getApiTokenPermissionGroupsList } from "@pulumi/cloudflare/getApiTokenPermissionGroupsList.js";
import * as pulumi from "@pulumi/pulumi";
import { lookup } from "../lookup.ts";
import { explainCloudflare } from "./lookupFailure.ts";

/**
 * What lego calls needs: `Zone Read` to find the zone by name, `DNS Write` for the records
 * (go-acme/lego, providers/dns/cloudflare/cloudflare.toml).
 */
const permissionGroups = ["Zone Read", "DNS Write"] as const;

/**
 * Ids of the permission groups that a token for DNS-01 needs.
 *
 * @param accountId the account that will own the token; none for a user's
 * @param opts default: asked for with the default provider
 * @throws RunError when Cloudflare does not show one of them
 */
export async function findPermissionGroups(
  accountId?: string,
  opts?: pulumi.InvokeOptions,
): Promise<readonly string[]> {
  const { results } = await lookup(
    "Cloudflare's permission groups",
    accountId === undefined
      ? getApiTokenPermissionGroupsList({}, opts)
      : getAccountApiTokenPermissionGroupsList({ accountId }, opts),
    explainCloudflare({ accountId }),
  );
  return permissionGroups.map((name) => {
    const found = results.find((group) => group.name === name);
    if (found === undefined) {
      throw new pulumi.RunError(
        `Cloudflare shows no permission group ${name}. The token that Pulumi itself uses needs the permission API Tokens Write`,
      );
    }
    return found.id;
  });
}
