import type { Check, Context } from "../check.ts";
import { apiPort, challengePort } from "../facts/wire.ts";
import { found, NotSeen, type Finding, type Problem } from "../finding.ts";
import { askAddresses } from "./lookUp.ts";

const dead: Problem = {
  id: "address-unreachable",
  severity: "warning",
  title: "An address of the provider's host leads nowhere",
  why: "Others do, so it works for some, and now and then. Let's Encrypt prefers IPv6, and turns to IPv4 only where the first connection times out (https://letsencrypt.org/docs/ipv6-support); tenants' clients may wait long, or give up. Have the record lead to the cluster, or take it away.",
  command: askAddresses,
};

/** That each address of the host is served, where it has several: DNS gives out all of them. */
export const everyAddress: Check = {
  id: "every-address",
  group: "The way in",
  title: "Each address of the host is served",
  problems: [dead],
  run: async ({ expected, dns, reach }) => {
    const { ipv4, ipv6 } = await dns.addresses(expected.host);
    const addresses = [...ipv4, ...ipv6];
    const ports = [apiPort, ...(expected.challenge.type === "http-01" ? [challengePort] : [])];
    if (addresses.length < 2) {
      return { found: [], seen: `${addresses.length} address` };
    }
    const looks = await Promise.all(
      ports.flatMap((port) => addresses.map((address) => look(address, port, reach))),
    );
    const findings = looks.flatMap(({ address, port, failure }): Finding[] =>
      failure !== undefined && looks.some((other) => other.port === port && other.isServed)
        ? [
            found(dead, expected, {
              subject: `${address} on port ${port}`,
              expected: `port ${port} of ${address} served, as of the others`,
              seen: failure,
            }),
          ]
        : [],
    );
    const unseen = looks.flatMap(({ unseen }) => unseen ?? []);
    if (findings.length === 0 && unseen[0] !== undefined) {
      throw new NotSeen(unseen[0]);
    }
    return { found: findings, seen: addresses.join(", ") };
  },
};

async function look(address: string, port: number, reach: Context["reach"]) {
  try {
    const failure = await reach(address, port);
    return { address, port, failure, isServed: failure === undefined };
  } catch (error) {
    if (error instanceof NotSeen) {
      return { address, port, unseen: error.message, isServed: false };
    }
    throw error;
  }
}
