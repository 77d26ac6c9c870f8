import * as pulumi from "@pulumi/pulumi";
import { broughtProofTimeout } from "../../../dns/defaults.ts";
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
   * Id of the zone, where the access that Pulumi has shows several of the name. It does not decide who owns the token.
   * Default: the zone of the name that is active, where there is but one.
   */
  readonly zoneId?: string | undefined;
  /** A token of one's own, instead of one that is made. Default: none. */
  readonly apiToken?: pulumi.Input<string> | undefined;
}

/**
 * A Cloudflare credential for a provider: a token that is made, or one that is brought.
 *
 * @param name the name of the component, where a token is made
 * @param options see {@link CloudflareCredentialOptions}
 * @throws RunError when the zone cannot hold the host, the internet does not ask it, there are several, or a permission
 *   group is not found
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
    const proofTimeout = options.proofTimeout ?? broughtProofTimeout;
    return {
      dnsProvider: "cloudflare",
      content: pulumi.secret(pulumi.output(apiToken).apply((token) => token.trim())),
      ...zoneUse({ domain, hosts, zone, zoneId, proofTimeout, access }),
    };
  }
  // Before the plugin's own words for it.
  refuseUnusableCloudflare(access.cloudflare);
  const [{ found, permissionGroupIds }, shown] = await Promise.all([
    lookUp({ zone, zoneId, accountId, domain }),
    shownDelegations(hosts),
  ]);
  await refuseOtherDelegation({ name: zone, nameServers: zoneServers(found) }, shown);
  return new CloudflareDnsCredential(name, { ...options, zoneId: found.id, permissionGroupIds });
}

/** One after the other: Cloudflare's plugin tells of each failure by itself, too. */
async function lookUp(wanted: WantedZone) {
  const found = await findZone(wanted);
  return { found, permissionGroupIds: await findPermissionGroups(wanted.accountId) };
}
