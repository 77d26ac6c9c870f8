import type { CloudAccess } from "../../../dns/access.ts";
import { dnsName } from "../../../lib/dnsName.ts";
import type { DnsCredential } from "../credential.ts";
import { challengeHosts } from "../managedCredentialArgs.ts";

/** A zone, and for which provider it is used. */
export interface ZoneUseArgs {
  readonly domain: string;
  /** See {@link challengeHosts}. Default: `provider.<domain>` alone. */
  readonly hosts?: readonly string[] | undefined;
  /** Name of the zone. */
  readonly zone: string;
  /** Its id, where it is chosen. */
  readonly zoneId?: string | undefined;
  /** In seconds. */
  readonly proofTimeout: number;
  readonly access: CloudAccess;
}

/** How a Cloudflare token is used with a zone, whoever made the token. */
export function zoneUse({
  domain,
  hosts,
  zone,
  zoneId,
  proofTimeout,
  access,
}: ZoneUseArgs): Pick<DnsCredential, "environment" | "prove"> {
  return {
    environment: {},
    // The vendor's client takes its time to load, and a preview does without it.
    prove: async (content) => {
      const { delegationProof } = await import("../../../dns/delegationProof.ts");
      const [host = domain, ...others] = challengeHosts({ domain, hosts });
      const { proveCloudflareToken } = await import("../../../dns/cloudflare/proof.ts");
      await proveCloudflareToken(content, {
        host,
        domain: dnsName(domain),
        timeout: proofTimeout,
        compare: delegationProof(host, ...others),
        zone,
        zoneId,
        endpoint: access.cloudflare.endpoint,
      });
    },
  };
}
