import { BlockList, isIPv6 } from "node:net";
import { isDeepStrictEqual } from "node:util";
import { hasWildcard, type Check } from "../check.ts";
import { found, ifAvailable, type Finding, type Problem } from "../finding.ts";
import type { Addresses } from "../facts/dns.ts";
import { askAddresses, askChallenge } from "./lookUp.ts";
import { shell } from "../../lib/shell.ts";

const hostMissing: Problem = {
  id: "host-missing",
  severity: "error",
  title: "DNS has no address for the provider's host",
  why: "Clients cannot resolve the provider's host. Under HTTP-01 the CA cannot either.",
  command: askAddresses,
};

const hostPrivate: Problem = {
  id: "host-private",
  severity: "warning",
  title: "DNS resolves the provider's host to an address that the internet cannot reach",
  why: "Tenants and the CA connect from the internet and cannot reach a private address.",
  command: askAddresses,
};

const hostSplit: Problem = {
  id: "host-split",
  severity: "info",
  title: "DNS resolves the provider's host differently in this network and on the internet",
  why: "The doctor checked ports 80 and 8443 at the address in this network. A firewall or a router may still block access from the internet. The command checks the address on the internet.",
  command: ({ stack }) => shell`npm run doctor -- -s ${stack} --dns-server 1.1.1.1`,
};

const hostIpv6: Problem = {
  id: "host-ipv6",
  severity: "info",
  title: "The provider's host also has an IPv6 address",
  why: "Let's Encrypt connects to the IPv6 address first. If nothing responds there, HTTP-01 depends on a retry over IPv4.",
  command: (expected) => askChallenge(expected, shell`-6 -v`),
};

const ingressMissing: Problem = {
  id: "ingress-missing",
  severity: "warning",
  title: "DNS has no address for the hosts of tenants' ingresses",
  why: "The record `*.ingress.<domain>` points to the tenants' deployments. Without the record they run, but nobody can reach them by name.",
  command: ({ domain }) => shell`dig any-name.ingress.${domain} A`,
};

/** Address ranges that the internet does not route (RFC 1918, 6598, 3927, 4193, 4291). */
const unreachable = new BlockList();
for (const [network, prefix] of [
  ["0.0.0.0", 8],
  ["10.0.0.0", 8],
  ["100.64.0.0", 10],
  ["127.0.0.0", 8],
  ["169.254.0.0", 16],
  ["172.16.0.0", 12],
  ["192.168.0.0", 16],
  ["::", 127],
  ["fc00::", 7],
  ["fe80::", 10],
] as const) {
  unreachable.addSubnet(network, prefix, isIPv6(network) ? "ipv6" : "ipv4");
}

/** The addresses of the provider's host and of its tenants' ingresses. */
export const addresses: Check = {
  id: "addresses",
  group: "DNS and ingress",
  title: "DNS resolves the hosts of the provider and of its tenants' ingresses",
  problems: [hostMissing, hostPrivate, hostSplit, hostIpv6, ingressMissing],
  run: async ({ expected, dns, reached }) => {
    const probe = `doctor.ingress.${expected.domain}`;
    const [here, ingress] = await Promise.all([
      dns.addresses(expected.host),
      // A stack with a wildcard certificate has its own check of these hosts (wildcard/dns.ts).
      hasWildcard(expected) ? undefined : dns.addresses(probe),
    ]);
    const findings: Finding[] = [];
    // A public address is the same on the internet; only for others is a public resolver asked.
    const isDoubtful = all(here).some((each) => isUnreachable(each) && !reached.includes(each));
    const outside = isDoubtful ? await ifAvailable(dns.outside(expected.host)) : undefined;
    const host = outside ?? here;
    const differs = !isDeepStrictEqual(new Set(all(host)), new Set(all(here)));
    const seenHere = differs ? `; in this network ${all(here).join(", ")}` : "";
    if (all(host).length === 0) {
      const seen = `none${seenHere}`;
      findings.push(found(hostMissing, expected, { expected: "A or AAAA", seen }));
    } else if (outside !== undefined && differs) {
      findings.push(
        found(hostSplit, expected, {
          expected: `${all(here).join(", ")}, like in this network`,
          seen: `${all(host).join(", ")} from ${outside.server}`,
        }),
      );
    }
    const given = all(host).filter((address) => !reached.includes(address));
    for (const address of given.filter(isUnreachable)) {
      const subject = address;
      findings.push(
        found(hostPrivate, expected, { subject, expected: "a public address", seen: address }),
      );
    }
    if (host.ipv6.length > 0) {
      const seen = host.ipv6.join(", ");
      findings.push(found(hostIpv6, expected, { expected: "served like the IPv4 address", seen }));
    }
    if (ingress !== undefined && all(ingress).length === 0) {
      const wanted = `A or AAAA of *.ingress.${expected.domain}`;
      findings.push(
        found(ingressMissing, expected, { expected: wanted, seen: `none for ${probe}` }),
      );
    }
    return {
      found: findings,
      seen: `${expected.host} resolves to ${all(host).join(", ")}${seenHere}`,
    };
  },
};

function all({ ipv4, ipv6 }: Addresses): readonly string[] {
  return [...ipv4, ...ipv6];
}

/** Whether the internet does not route an address. */
export function isUnreachable(address: string): boolean {
  return unreachable.check(address, isIPv6(address) ? "ipv6" : "ipv4");
}
