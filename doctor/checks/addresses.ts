import { BlockList, isIPv6 } from "node:net";
import { isDeepStrictEqual } from "node:util";
import { hasWildcard, type Check } from "../check.ts";
import { found, ifSeen, type Finding, type Problem } from "../finding.ts";
import type { Addresses } from "../facts/dns.ts";
import { askAddresses, askChallenge } from "./lookUp.ts";
import { shell } from "../../lib/shell.ts";

const hostMissing: Problem = {
  id: "host-missing",
  severity: "error",
  title: "DNS has no address for the provider's host",
  why: "Nobody finds the provider, and under HTTP-01 neither does the CA.",
  command: askAddresses,
};

const hostPrivate: Problem = {
  id: "host-private",
  severity: "warning",
  title: "DNS gives an address for the provider's host that the internet cannot reach",
  why: "Tenants and the CA come from the internet; a private address leads them nowhere.",
  command: askAddresses,
};

const hostSplit: Problem = {
  id: "host-split",
  severity: "info",
  title: "DNS tells this network another address of the provider's host than the internet",
  why: "The doctor has looked at ports 80 and 8443 where this network finds them, which says nothing of the way from outside: a firewall or a router may close it. The command looks at what the internet is told.",
  command: ({ stack }) => shell`npm run doctor -- -s ${stack} --dns-server 1.1.1.1`,
};

const hostIpv6: Problem = {
  id: "host-ipv6",
  severity: "info",
  title: "The provider's host has an IPv6 address, too",
  why: "Let's Encrypt asks there first; where it is not served, HTTP-01 depends on a retry over IPv4.",
  command: (expected) => askChallenge(expected, shell`-6 -v`),
};

const ingressMissing: Problem = {
  id: "ingress-missing",
  severity: "warning",
  title: "DNS has no address for the names of tenants' ingresses",
  why: "A record `*.ingress.<domain>` leads to the tenants' deployments; without it they are up, and nobody finds them.",
  command: ({ domain }) => shell`dig any-name.ingress.${domain} A`,
};

/** Address ranges that lead nowhere from the internet (RFC 1918, 6598, 3927, 4193, 4291). */
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
  group: "The way in",
  title: "DNS leads to the provider and to its tenants' ingresses",
  problems: [hostMissing, hostPrivate, hostSplit, hostIpv6, ingressMissing],
  run: async ({ expected, dns, reached }) => {
    const probe = `doctor.ingress.${expected.domain}`;
    const [here, ingress] = await Promise.all([
      dns.addresses(expected.host),
      // A stack with a certificate for these names has a check of its own for them.
      hasWildcard(expected) ? undefined : dns.addresses(probe),
    ]);
    const findings: Finding[] = [];
    // A public address is the internet's, whoever tells it.
    const isDoubtful = all(here).some((each) => isUnreachable(each) && !reached.includes(each));
    const outside = isDoubtful ? await ifSeen(dns.outside(expected.host)) : undefined;
    const host = outside ?? here;
    const differs = !isDeepStrictEqual(new Set(all(host)), new Set(all(here)));
    const seenHere = differs ? `, and ${all(here).join(", ")} in this network` : "";
    if (all(host).length === 0) {
      const seen = `neither${seenHere}`;
      findings.push(found(hostMissing, expected, { expected: "A or AAAA", seen }));
    } else if (outside !== undefined && differs) {
      findings.push(
        found(hostSplit, expected, {
          expected: `${all(here).join(", ")}, as in this network`,
          seen: `${all(host).join(", ")} by ${outside.server}`,
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
      findings.push(found(hostIpv6, expected, { expected: "served as over IPv4", seen }));
    }
    if (ingress !== undefined && all(ingress).length === 0) {
      const wanted = `A or AAAA of *.ingress.${expected.domain}`;
      findings.push(
        found(ingressMissing, expected, { expected: wanted, seen: `none for ${probe}` }),
      );
    }
    return { found: findings, seen: `${expected.host} is ${all(host).join(", ")}${seenHere}` };
  },
};

function all({ ipv4, ipv6 }: Addresses): readonly string[] {
  return [...ipv4, ...ipv6];
}

/** Whether an address leads nowhere from the internet. */
export function isUnreachable(address: string): boolean {
  return unreachable.check(address, isIPv6(address) ? "ipv6" : "ipv4");
}
