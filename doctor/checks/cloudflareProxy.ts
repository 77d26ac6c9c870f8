import { shell } from "../../lib/shell.ts";
import type { Check } from "../check.ts";
import { isCloudflareProxy } from "../facts/front.ts";
import { apiPort } from "../facts/wire.ts";
import { found, ifAvailable, type Problem } from "../finding.ts";

const proxied: Problem = {
  id: "cloudflare-proxy",
  severity: "error",
  title: "Cloudflare's proxy is in front of the provider's port 8443",
  why: "The proxy terminates TLS with its own certificate, so tenants' mTLS does not reach the provider, and clients do not see the provider's certificate. Set the host's record to `DNS only` in Cloudflare's dashboard.",
  command: ({ host }) =>
    shell`curl -sk -o /dev/null -D - https://${host}:${apiPort}/status | grep -i '^cf-ray'`,
};

/** Whether the provider itself or Cloudflare's proxy responds on the provider's port. */
export const cloudflareProxy: Check = {
  id: "proxy",
  group: "DNS and ingress",
  title: "No Cloudflare proxy responds in place of the provider",
  problems: [proxied],
  run: async ({ expected, dns, wire, cloudflareHeaders }) => {
    const behindProxy = (seen: string) => ({
      seen,
      found: [found(proxied, expected, { expected: "a response of the provider itself", seen })],
    });
    const headers = await cloudflareHeaders();
    if (headers !== undefined) {
      return behindProxy(headers);
    }
    // Without a response the address decides: the proxy has no certificate for a name two levels below its zone. A server
    // with its own certificate is the provider, even behind a Cloudflare address (Spectrum).
    const { ipv4 = [], ipv6 = [] } = (await ifAvailable(dns.addresses(expected.host))) ?? {};
    const addresses = [...ipv4, ...ipv6];
    const served = await wire.certificate();
    return "unreachable" in served && addresses.length > 0 && addresses.every(isCloudflareProxy)
      ? behindProxy(`Cloudflare addresses ${addresses.join(", ")}; ${served.unreachable}`)
      : { seen: "none", found: [] };
  },
};
