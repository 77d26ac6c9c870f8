import { getAccountApiTokenPermissionGroupsList } from "@pulumi/cloudflare/getAccountApiTokenPermissionGroupsList.js";
import { getApiTokenPermissionGroupsList } from "@pulumi/cloudflare/getApiTokenPermissionGroupsList.js";
import * as pulumi from "@pulumi/pulumi";
import { lookup } from "../lookup.ts";
import { explainCloudflare } from "./lookupFailure.ts";

/**
 * The permission groups that lego needs: `Zone Read` to find the zone by name, `DNS Write` for the records
 * (go-acme/lego, providers/dns/cloudflare/cloudflare.toml).
 */
const permissionGroups = ["Zone Read", "DNS Write"] as const;

/**
 * Ids of the permission groups that a token for DNS-01 needs.
 *
 * @param accountId the account that will own the token; none for a user's token
 * @param opts default: those of the default provider
 * @throws RunError when Cloudflare does not list a permission group
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
        `Cloudflare lists no permission group ${name}. Pulumi's token needs the permission API Tokens Write`,
      );
    }
    return found.id;
  });
}
