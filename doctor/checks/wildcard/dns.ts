import { hasWildcard, type Check } from "../../check.ts";
import { found, type Problem } from "../../finding.ts";
import { isUnreachable } from "../addresses.ts";
import { askTenant } from "./commands.ts";

const missing: Problem = {
  id: "wildcard-dns-missing",
  severity: "error",
  title: "DNS has no address for tenants' hosts",
  why: "The record `*.ingress.<domain>` points to the tenants' deployments. Without the record nobody can reach them, whatever certificate they have.",
  command: askTenant,
};

const isPrivate: Problem = {
  id: "wildcard-dns-private",
  severity: "warning",
  title: "DNS resolves tenants' hosts to an address that the internet cannot reach",
  why: "The tenants' visitors connect from the internet and cannot reach a private address.",
  command: askTenant,
};

/** The DNS record of the tenants' ingress. */
export const wildcardDns: Check = {
  id: "wildcard-dns",
  group: "Wildcard certificate",
  title: "DNS resolves tenants' hosts",
  problems: [missing, isPrivate],
  applies: hasWildcard,
  run: async ({ expected, dns, wildcard, reached }) => {
    const { host, givenAddress } = wildcard;
    const { ipv4, ipv6 } = await dns.addresses(host);
    const addresses = [...ipv4, ...ipv6];
    if (addresses.length === 0) {
      const wanted = `A or AAAA of *.ingress.${expected.domain}`;
      const evidence = { expected: wanted, seen: `none for ${host}` };
      return { seen: evidence.seen, found: [found(missing, expected, evidence)] };
    }
    return {
      seen: `${host} resolves to ${addresses.join(", ")}`,
      found: addresses
        .filter((address) => ![...reached, givenAddress].includes(address))
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
