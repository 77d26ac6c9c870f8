import { hasWildcard, type Check } from "../../check.ts";
import { found, type Problem } from "../../finding.ts";
import { isUnreachable } from "../addresses.ts";
import { askTenant } from "./commands.ts";

const missing: Problem = {
  id: "wildcard-dns-missing",
  severity: "error",
  title: "DNS has no address for tenants' hosts",
  why: "A record `*.ingress.<domain>` leads to the tenants' deployments. Without it nobody finds them, whatever certificate they have.",
  command: askTenant,
};

const isPrivate: Problem = {
  id: "wildcard-dns-private",
  severity: "warning",
  title: "DNS gives an address for tenants' hosts that the internet cannot reach",
  why: "The tenants' visitors come from the internet; a private address leads them nowhere.",
  command: askTenant,
};

/** The DNS record of the tenants' ingress. */
export const wildcardDns: Check = {
  id: "wildcard-dns",
  group: "Wildcard certificate",
  title: "DNS leads to tenants' hosts",
  problems: [missing, isPrivate],
  applies: hasWildcard,
  run: async ({ expected, dns, wildcard, reached }) => {
    const { host, toldAddress } = wildcard;
    const { ipv4, ipv6 } = await dns.addresses(host);
    const addresses = [...ipv4, ...ipv6];
    if (addresses.length === 0) {
      const wanted = `A or AAAA of *.ingress.${expected.domain}`;
      const sighting = { expected: wanted, seen: `none for ${host}` };
      return { seen: sighting.seen, found: [found(missing, expected, sighting)] };
    }
    return {
      seen: `${host} is ${addresses.join(", ")}`,
      found: addresses
        .filter((address) => ![...reached, toldAddress].includes(address))
        .filter(isUnreachable)
        .map((address) =>
          found(isPrivate, expected, {
            subject: address,
            expected: "a public address",
            seen: address,
          }),
        ),
    };
  },
};
