import type { CaaRecord } from "node:dns";
import { Resolver } from "node:dns/promises";
import { compareDelegation, type Comparison, type ServedZone } from "../../dns/delegation.ts";
import { dnsServersOf } from "../../lib/dnsServers.ts";
import { hasCode, messageOf } from "../../lib/errors.ts";
import { NotSeen } from "../finding.ts";

/** What DNS says. */
export interface DnsFacts {
  /** The IPv4 and IPv6 addresses of a name; none where it does not exist. */
  readonly addresses: (name: string) => Promise<Addresses>;
  /** The target of a name that is an alias. */
  readonly alias: (name: string) => Promise<string | undefined>;
  /** The CAA records of exactly this name. */
  readonly caa: (name: string) => Promise<readonly CaaRecord[]>;
  /** Compares a zone at its cloud with the delegation that DNS shows for a name in it. */
  readonly compare: (name: string, zone: ServedZone) => Promise<Comparison>;
}

/** Addresses by family. */
export interface Addresses {
  readonly ipv4: readonly string[];
  readonly ipv6: readonly string[];
}

/**
 * Asks DNS.
 *
 * @param servers which servers; none: those of this machine
 */
export function dnsFacts(servers: readonly string[]): DnsFacts {
  const resolver = new Resolver({ timeout: 3_000, tries: 2 });
  if (servers.length > 0) {
    resolver.setServers(servers);
  }
  return {
    addresses: async (name) => {
      const [ipv4, ipv6] = await Promise.all([
        records(name, resolver.resolve4(name)),
        records(name, resolver.resolve6(name)),
      ]);
      return { ipv4, ipv6 };
    },
    alias: async (name) => (await records(name, resolver.resolveCname(name)))[0],
    caa: (name) => records(name, resolver.resolveCaa(name)),
    compare: (name, zone) => {
      // The environment's are for this question alone.
      const named = dnsServersOf(process.env);
      return compareDelegation(name, zone, { servers: named.length > 0 ? named : servers });
    },
  };
}

/** The records, none where DNS says that there are none. */
async function records<T>(name: string, query: Promise<readonly T[]>): Promise<readonly T[]> {
  try {
    return await query;
  } catch (error) {
    if (hasCode(error, "ENODATA") || hasCode(error, "ENOTFOUND")) {
      return [];
    }
    throw new NotSeen(`DNS does not answer for ${name} (${messageOf(error)})`);
  }
}
