import { getZone } from "@pulumi/cloudflare/getZone.js";
import * as pulumi from "@pulumi/pulumi";
import { providerHost } from "../../../chart/release.ts";
import { defaultProofTimeout } from "../../../dns/defaults.ts";
import { refuseUnusableCloudflare } from "../../../dns/unusable.ts";
import { zoneContains } from "../../../dns/zone.ts";
import { stackAccess } from "../../stackAccess.ts";
import type { DnsCredential } from "../credential.ts";
import { lookup } from "../lookup.ts";
import {
  CloudflareDnsCredential,
  type CloudflareDnsCredentialArgs,
} from "./cloudflareDnsCredential.ts";
import { explainCloudflare } from "./lookupFailure.ts";
import { findPermissionGroups } from "./permissionGroups.ts";
import { zoneUse } from "./zoneUse.ts";

/** Options of {@link cloudflareCredential}. */
export interface CloudflareCredentialOptions extends Omit<
  CloudflareDnsCredentialArgs,
  "permissionGroupIds" | "zoneId"
> {
  /** A token of one's own, instead of one that is made. Default: none. */
  readonly apiToken?: pulumi.Input<string> | undefined;
}

/**
 * A Cloudflare credential for a provider: a token that is made, or one that is brought.
 *
 * @param name the name of the component, where a token is made
 * @param options see {@link CloudflareCredentialOptions}
 * @throws RunError when the zone cannot hold the host, or Cloudflare does not show what is needed
 */
export async function cloudflareCredential(
  name: string,
  options: CloudflareCredentialOptions,
): Promise<DnsCredential> {
  const { access = stackAccess(), accountId, apiToken, domain, zone } = options;
  const host = providerHost(domain);
  if (!zoneContains(zone, host)) {
    throw new pulumi.RunError(
      `The Cloudflare zone ${zone} cannot hold ${host}.\n      pulumi config set -s ${pulumi.getStack()} --path dns.zone ${domain}`,
    );
  }
  if (apiToken !== undefined) {
    const proofTimeout = options.proofTimeout ?? defaultProofTimeout;
    return {
      dnsProvider: "cloudflare",
      content: pulumi.secret(pulumi.output(apiToken).apply((token) => token.trim())),
      ...zoneUse({ domain, zone, proofTimeout, access }),
    };
  }
  // Before the plugin's own words for it.
  refuseUnusableCloudflare(access.cloudflare);
  // One after the other: Cloudflare's plugin tells of each failure by itself, too.
  const { zoneId } = await lookup(
    `The Cloudflare zone ${zone}`,
    getZone({
      filter: { name: zone, ...(accountId !== undefined && { account: { id: accountId } }) },
    }),
    explainCloudflare({ zone, domain, accountId }),
  );
  const permissionGroupIds = await findPermissionGroups(accountId);
  return new CloudflareDnsCredential(name, { ...options, zoneId, permissionGroupIds });
}
