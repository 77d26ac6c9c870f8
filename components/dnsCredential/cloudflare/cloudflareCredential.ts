import * as pulumi from "@pulumi/pulumi";
import { providedProofTimeout } from "../../../dns/defaults.ts";
import { zoneServers } from "../../../dns/cloudflare/zone.ts";
import { refuseUnusableCloudflare } from "../../../dns/unusable.ts";
import { zoneContains } from "../../../dns/zone.ts";
import { readableName } from "../../../lib/dnsName.ts";
import { stackAccess } from "../../stackAccess.ts";
import type { DnsCredential } from "../credential.ts";
import { challengeHosts } from "../managedCredentialArgs.ts";
import { refuseOtherDelegation, shownDelegations } from "../refuseOtherDelegation.ts";
import {
  CloudflareDnsCredential,
  type CloudflareDnsCredentialArgs,
} from "./cloudflareDnsCredential.ts";
import { findZone, type WantedZone } from "./findZone.ts";
import { findPermissionGroups } from "./permissionGroups.ts";
import { zoneUse } from "./zoneUse.ts";
import { shell } from "../../../lib/shell.ts";

/** Options of {@link cloudflareCredential}. */
export interface CloudflareCredentialOptions extends Omit<
  CloudflareDnsCredentialArgs,
  "permissionGroupIds" | "zoneId"
> {
  /**
   * Id of the zone, where Pulumi's token can read several zones of the name. It does not determine the token's owner.
   * Default: the only active zone of the name.
   */
  readonly zoneId?: string | undefined;
  /** A token that you provide. Default: none, and a token is created. */
  readonly apiToken?: pulumi.Input<string> | undefined;
}

/**
 * A Cloudflare credential for a provider: a created or a provided token.
 *
 * @param name the name of the component that creates a token
 * @param options see {@link CloudflareCredentialOptions}
 * @throws RunError when the zone does not contain a host, DNS does not delegate to it, several zones have the name, or a
 *   permission group is missing
 */
export async function cloudflareCredential(
  name: string,
  options: CloudflareCredentialOptions,
): Promise<DnsCredential> {
  const { access = stackAccess(), accountId, apiToken, domain, zone, zoneId } = options;
  const hosts = challengeHosts(options);
  const host = hosts.find((host) => !zoneContains(zone, host));
  if (host !== undefined) {
    throw new pulumi.RunError(
      `The Cloudflare zone ${zone} cannot hold ${readableName(host)}.\n      ${shell`pulumi config set -s ${pulumi.getStack()} --path dns.zone ${domain}`}`,
    );
  }
  if (apiToken !== undefined) {
    const proofTimeout = options.proofTimeout ?? providedProofTimeout;
    return {
      dnsProvider: "cloudflare",
      content: pulumi.secret(pulumi.output(apiToken).apply((token) => token.trim())),
      ...zoneUse({ domain, hosts, zone, zoneId, proofTimeout, access }),
    };
  }
  // Before the plugin reports it in its own way.
  refuseUnusableCloudflare(access.cloudflare);
  const [{ found, permissionGroupIds }, shown] = await Promise.all([
    lookUp({ zone, zoneId, accountId, domain }),
    shownDelegations(hosts),
  ]);
  await refuseOtherDelegation({ name: zone, nameServers: zoneServers(found) }, shown);
  return new CloudflareDnsCredential(name, { ...options, zoneId: found.id, permissionGroupIds });
}

/** One after the other, since Cloudflare's plugin also prints each failure itself. */
async function lookUp(wanted: WantedZone) {
  const found = await findZone(wanted);
  return { found, permissionGroupIds: await findPermissionGroups(wanted.accountId) };
}
