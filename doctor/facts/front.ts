import { request } from "node:https";
import { BlockList, isIPv6 } from "node:net";
import type { Address } from "../arguments.ts";

/** How long a response may take, in milliseconds. */
const timeout = 10_000;

/**
 * Requests the provider's port, and returns the headers that only Cloudflare's proxy writes
 * (https://developers.cloudflare.com/fundamentals/reference/http-headers/#cf-ray).
 *
 * @param host the provider's name
 * @returns the headers; undefined without a response or such a header
 */
export function cloudflareHeaders(
  host: string,
  { address, port }: Address,
): Promise<string | undefined> {
  return new Promise((done) => {
    const asked = request(
      {
        host: address,
        port,
        path: "/status",
        headers: { host },
        servername: host,
        // Untrusted servers are to be identified, too.
        rejectUnauthorized: false,
        agent: false,
        timeout,
      },
      ({ headers }) => {
        const { "cf-ray": ray, server } = headers;
        asked.destroy();
        done(typeof ray === "string" ? `server: ${String(server)}, cf-ray: ${ray}` : undefined);
      },
    );
    const none = () => {
      done(undefined);
    };
    asked.on("timeout", () => asked.destroy());
    asked.on("error", none);
    asked.on("close", none);
    asked.end();
  });
}

/** The addresses of Cloudflare's proxies (https://www.cloudflare.com/ips/). */
const proxies = new BlockList();
for (const range of [
  ...["173.245.48.0/20", "103.21.244.0/22", "103.22.200.0/22", "103.31.4.0/22"],
  ...["141.101.64.0/18", "108.162.192.0/18", "190.93.240.0/20", "188.114.96.0/20"],
  ...["197.234.240.0/22", "198.41.128.0/17", "162.158.0.0/15", "104.16.0.0/13"],
  ...["104.24.0.0/14", "172.64.0.0/13", "131.0.72.0/22"],
  ...["2400:cb00::/32", "2606:4700::/32", "2803:f800::/32", "2405:b500::/32"],
  ...["2405:8100::/32", "2a06:98c0::/29", "2c0f:f248::/32"],
]) {
  const [network = "", prefix] = range.split("/");
  proxies.addSubnet(network, Number(prefix), isIPv6(network) ? "ipv6" : "ipv4");
}

/** Whether an address is one of Cloudflare's proxies. */
export function isCloudflareProxy(address: string): boolean {
  return proxies.check(address, isIPv6(address) ? "ipv6" : "ipv4");
}
