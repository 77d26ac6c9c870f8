import { getAccountApiTokenPermissionGroupsList } from "@pulumi/cloudflare/getAccountApiTokenPermissionGroupsList.js";
import { getApiTokenPermissionGroupsList } from "@pulumi/cloudflare/getApiTokenPermissionGroupsList.js";
import { getZone } from "@pulumi/cloudflare/getZone.js";
import * as pulumi from "@pulumi/pulumi";
import { CloudflareDnsCredential } from "../cloudflareDnsCredential.ts";
import type { DnsConfig } from "../../config/settings.ts";
import type { CloudflareAccess } from "../../dns/access.ts";
import type { DnsCredential, RotationGuard } from "../../dns/credential.ts";
import { zoneContains } from "../../dns/zone.ts";
import { lookup } from "./lookup.ts";
import type { ProofTarget } from "../../dns/proof.ts";
import { resolved } from "../resolved.ts";
import type { CredentialInventory } from "../../dns/orphans.ts";

type CloudflareDns = Extract<DnsConfig, { provider: "cloudflare" }>;

/**
 * What lego calls needs: `Zone Read` to find the zone by name, `DNS Write` for the records
 * (go-acme/lego, providers/dns/cloudflare/cloudflare.toml).
 */
const permissionGroups = ["Zone Read", "DNS Write"] as const;

/**
 * The Cloudflare credential of a configuration: a token that is made, or one that the stack brings.
 *
 * @throws RunError when the zone cannot hold the host, or a permission group is not found
 */
export async function cloudflareCredential(
  name: string,
  dns: CloudflareDns,
  target: ProofTarget,
  plugin: CloudflareAccess,
  guard: RotationGuard,
): Promise<DnsCredential> {
  const { zone } = dns;
  if (!zoneContains(zone, target.host)) {
    throw new pulumi.RunError(
      `The Cloudflare zone ${zone} cannot hold ${target.host}.\n      pulumi config set --path dns.zone ${target.domain}`,
    );
  }
  return {
    dnsProvider: "cloudflare",
    ...(dns.apiToken === undefined
      ? await madeToken(name, dns, target.host, plugin, guard)
      : { content: pulumi.secret(dns.apiToken.trim()) }),
    environment: {},
    // The vendor's client takes its time to load, and a preview does without it.
    prove: async (content) => {
      const { proveCloudflareToken } = await import("../../dns/cloudflare/proof.ts");
      await proveCloudflareToken(content, { ...target, zone, endpoint: plugin.endpoint });
    },
  };
}

async function madeToken(
  name: string,
  dns: CloudflareDns,
  host: string,
  plugin: CloudflareAccess,
  guard: RotationGuard,
): Promise<Pick<DnsCredential, "content" | "made">> {
  const { accountId, expiresOn, allowedIps, rotation } = dns;
  const [{ zoneId }, permissionGroupIds] = await Promise.all([
    lookup(
      `The Cloudflare zone ${dns.zone}`,
      getZone({
        filter: { name: dns.zone, ...(accountId !== undefined && { account: { id: accountId } }) },
      }),
    ),
    findPermissionGroups(accountId),
  ]);
  const inventory = async (): Promise<CredentialInventory> => {
    const { apiTokens } = await import("../../dns/cloudflare/tokens.ts");
    return apiTokens(await resolved(made.tokenName), accountId, plugin);
  };
  const made: CloudflareDnsCredential = new CloudflareDnsCredential(name, {
    host,
    zoneId,
    permissionGroupIds,
    accountId,
    expiresOn,
    allowedIps,
    rotation,
    hooks: guard.binding(inventory),
    deletedByHook: true,
  });
  return {
    content: made.token,
    made: {
      id: guard.withoutStrays(made.tokenId, inventory),
      suffix: made.suffix,
      createdAt: made.createdAt,
      expiresAt: made.expiresAt,
      inventory,
      urnPattern: `**::${name}-token`,
    },
  };
}

async function findPermissionGroups(accountId: string | undefined): Promise<string[]> {
  const { results } = await lookup(
    "Cloudflare's permission groups",
    accountId === undefined
      ? getApiTokenPermissionGroupsList()
      : getAccountApiTokenPermissionGroupsList({ accountId }),
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
