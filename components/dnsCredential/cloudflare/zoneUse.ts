import { providerHost } from "../../../chart/release.ts";
import type { CloudAccess } from "../../../dns/access.ts";
import { dnsName } from "../../../lib/dnsName.ts";
import type { DnsCredential } from "../credential.ts";

/** A zone, and for which provider it is used. */
export interface ZoneUseArgs {
  readonly domain: string;
  /** Name of the zone. */
  readonly zone: string;
  /** In seconds. */
  readonly proofTimeout: number;
  readonly access: CloudAccess;
}

/** How a Cloudflare token is used with a zone, whoever made the token. */
export function zoneUse({
  domain,
  zone,
  proofTimeout,
  access,
}: ZoneUseArgs): Pick<DnsCredential, "environment" | "prove"> {
  return {
    environment: {},
    // The vendor's client takes its time to load, and a preview does without it.
    prove: async (content) => {
      const { proveCloudflareToken } = await import("../../../dns/cloudflare/proof.ts");
      await proveCloudflareToken(content, {
        host: providerHost(dnsName(domain)),
        domain: dnsName(domain),
        timeout: proofTimeout,
        zone,
        endpoint: access.cloudflare.endpoint,
      });
    },
  };
}
