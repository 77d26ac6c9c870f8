import type { Check, Context } from "../check.ts";
import { apiPort, challengePort } from "../facts/wire.ts";
import { found, NotAvailable, type Finding, type Problem } from "../finding.ts";
import { askAddresses } from "./lookUp.ts";

const dead: Problem = {
  id: "address-unreachable",
  severity: "warning",
  title: "An address of the provider's host does not respond",
  why: "Other addresses respond, so connections fail for some clients or at times. Let's Encrypt prefers IPv6 and falls back to IPv4 only when the first connection times out (https://letsencrypt.org/docs/ipv6-support); tenants' clients may wait long or give up. Point the record to the cluster, or delete it.",
  command: askAddresses,
};

/** Whether each of several addresses of the host is served: DNS returns all of them. */
export const everyAddress: Check = {
  id: "every-address",
  group: "DNS and ingress",
  title: "Each address of the host is served",
  problems: [dead],
  run: async ({ expected, dns, reach }) => {
    const { ipv4, ipv6 } = await dns.addresses(expected.host);
    const addresses = [...ipv4, ...ipv6];
    const ports = [apiPort, ...(expected.challenge.type === "http-01" ? [challengePort] : [])];
    if (addresses.length < 2) {
      return { found: [], seen: `${addresses.length} address` };
    }
    const probes = await Promise.all(
      ports.flatMap((port) => addresses.map((address) => probe(address, port, reach))),
    );
    const findings = probes.flatMap(({ address, port, failure }): Finding[] =>
      failure !== undefined && probes.some((other) => other.port === port && other.isServed)
        ? [
            found(dead, expected, {
              subject: `${address} on port ${port}`,
              expected: `port ${port} of ${address} served, like the others`,
              seen: failure,
            }),
          ]
        : [],
    );
    const unseen = probes.flatMap(({ unseen }) => unseen ?? []);
    if (findings.length === 0 && unseen[0] !== undefined) {
      throw new NotAvailable(unseen[0]);
    }
    return { found: findings, seen: addresses.join(", ") };
  },
};

async function probe(address: string, port: number, reach: Context["reach"]) {
  try {
    const failure = await reach(address, port);
    return { address, port, failure, isServed: failure === undefined };
  } catch (error) {
    if (error instanceof NotAvailable) {
      return { address, port, unseen: error.message, isServed: false };
    }
    throw error;
  }
}
