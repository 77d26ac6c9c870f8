import { shell } from "../../lib/shell.ts";
import type { Check } from "../check.ts";
import { isCloudflareProxy } from "../facts/front.ts";
import { apiPort } from "../facts/wire.ts";
import { found, ifSeen, type Problem } from "../finding.ts";

const proxied: Problem = {
  id: "cloudflare-proxy",
  severity: "error",
  title: "Cloudflare's proxy stands in front of the provider's port 8443",
  why: "It ends TLS there with a certificate of its own, so that tenants' mTLS does not reach the provider, and the provider's certificate is not seen. Set the host's record to `DNS only` in Cloudflare's dashboard.",
  command: ({ host }) =>
    shell`curl -sk -o /dev/null -D - https://${host}:${apiPort}/status | grep -i '^cf-ray'`,
};

/** Whether the provider itself answers on its port, or Cloudflare's proxy. */
export const cloudflareProxy: Check = {
  id: "proxy",
  group: "The way in",
  title: "No proxy of Cloudflare's answers in the provider's place",
  problems: [proxied],
  run: async ({ expected, dns, wire, cloudflareHeaders }) => {
    const sight = (seen: string) => ({
      seen,
      found: [found(proxied, expected, { expected: "the provider's own answer", seen })],
    });
    const headers = await cloudflareHeaders();
    if (headers !== undefined) {
      return sight(headers);
    }
    // Without an answer the address tells: the proxy has no certificate for a name two levels below its zone. What
    // serves a certificate of its own is the provider, also behind an address of Cloudflare's (Spectrum).
    const { ipv4 = [], ipv6 = [] } = (await ifSeen(dns.addresses(expected.host))) ?? {};
    const addresses = [...ipv4, ...ipv6];
    const served = await wire.certificate();
    return "unreachable" in served && addresses.length > 0 && addresses.every(isCloudflareProxy)
      ? sight(`${addresses.join(", ")}, which are Cloudflare's; ${served.unreachable}`)
      : { seen: "none", found: [] };
  },
};
