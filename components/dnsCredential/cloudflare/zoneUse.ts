import type { CloudAccess } from "../../../dns/access.ts";
import { dnsName } from "../../../lib/dnsName.ts";
import type { DnsCredential } from "../credential.ts";
import { challengeHosts } from "../managedCredentialArgs.ts";

/** A zone and the provider that uses it. */
export interface ZoneUseArgs {
  readonly domain: string;
  /** See {@link challengeHosts}. Default: only `provider.<domain>`. */
  readonly hosts?: readonly string[] | undefined;
  /** Name of the zone. */
  readonly zone: string;
  /** Id of the zone, where several have the name. */
  readonly zoneId?: string | undefined;
  /** In seconds. */
  readonly proofTimeout: number;
  readonly access: CloudAccess;
}

/** The use of a Cloudflare token, created or provided, with a zone. */
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
    // The vendor's client is slow to load, and a preview does not need it.
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
