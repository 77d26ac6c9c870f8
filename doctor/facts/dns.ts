import type { CaaRecord } from "node:dns";
import { Resolver } from "node:dns/promises";
import { compareDelegation, type Comparison, type ServedZone } from "../../dns/delegation.ts";
import { requestTimeout, withDeadline } from "../../lib/deadline.ts";
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
 * @param timeout how long each question may take, in milliseconds. Default: as long as any request
 */
export function dnsFacts(servers: readonly string[], timeout = requestTimeout): DnsFacts {
  const resolver = () => {
    // One for each question: to end it ends all that its resolver has asked.
    const made = new Resolver({ timeout: Math.min(3_000, timeout), tries: 2 });
    if (servers.length > 0) {
      made.setServers(servers);
    }
    return made;
  };
  const records = <T>(name: string, ask: (resolver: Resolver) => Promise<readonly T[]>) =>
    recordsOf(name, timeout, resolver(), ask);
  return {
    addresses: async (name) => {
      const [ipv4, ipv6] = await Promise.all([
        records(name, (resolver) => resolver.resolve4(name)),
        records(name, (resolver) => resolver.resolve6(name)),
      ]);
      return { ipv4, ipv6 };
    },
    alias: async (name) => (await records(name, (resolver) => resolver.resolveCname(name)))[0],
    caa: (name) => records(name, (resolver) => resolver.resolveCaa(name)),
    compare: (name, zone) => {
      // The environment's are for this question alone.
      const named = dnsServersOf(process.env);
      return compareDelegation(name, zone, { servers: named.length > 0 ? named : servers });
    },
  };
}

/** The records, none where DNS says that there are none. */
async function recordsOf<T>(
  name: string,
  timeout: number,
  resolver: Resolver,
  ask: (resolver: Resolver) => Promise<readonly T[]>,
): Promise<readonly T[]> {
  try {
    return await withDeadline(timeout, (signal) => {
      signal.addEventListener("abort", () => {
        resolver.cancel();
      });
      return ask(resolver);
    });
  } catch (error) {
    if (hasCode(error, "ENODATA") || hasCode(error, "ENOTFOUND")) {
      return [];
    }
    throw new NotSeen(`DNS does not answer for ${name} (${messageOf(error)})`);
  }
}
