import type { Config } from "../../config/index.ts";
import { cloudflareCredential } from "./cloudflare.ts";
import type { DnsCredential, RotationGuard } from "../../dns/credential.ts";
import { googleCloudCredential } from "./googleCloud.ts";

export type { DnsCredential } from "../../dns/credential.ts";

/**
 * The DNS credential of a configuration; none under HTTP-01.
 *
 * @param name the name of the component that makes it
 * @param guard what keeps the rotation of a credential that is made safe
 */
export async function dnsCredential(
  name: string,
  config: Config,
  guard: RotationGuard,
): Promise<DnsCredential | undefined> {
  const { challenge, domain, plugins } = config;
  if (challenge.type === "http-01") {
    return undefined;
  }
  const { dns } = challenge;
  const target = {
    host: `provider.${domain}`,
    domain,
    timeout: dns.proofTimeout,
  };
  switch (dns.provider) {
    case "googleCloud":
      return googleCloudCredential(name, dns, target, plugins.googleCloud, guard);
    case "cloudflare":
      return cloudflareCredential(name, dns, target, plugins.cloudflare, guard);
  }
}
