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
  /**
   * What the internet is told of a name, as opposed to this network, whose DNS may have a view of its own; undefined where
   * the reader has told whom to ask.
   */
  readonly outside: (name: string) => Promise<OutsideView | undefined>;
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

/** What a server outside of this network says. */
export interface OutsideView extends Addresses {
  /** Who was asked. */
  readonly server: string;
}

/** Resolvers of everybody's, which the provider's issuer asks, too (akash-network/provider, cmd/provider-services/cmd/flags). */
const publicServers = ["1.1.1.1", "8.8.8.8"];

/**
 * Asks DNS.
 *
 * @param servers which servers; none: those of this machine
 * @param timeout how long each question may take, in milliseconds. Default: as long as any request
 * @param outsideServers who is asked what the internet is told, as `address` or `address:port`. Default: 1.1.1.1, 8.8.8.8
 */
export function dnsFacts(
  servers: readonly string[],
  timeout = requestTimeout,
  outsideServers: readonly string[] = publicServers,
): DnsFacts {
  const resolver = (asked: readonly string[]) => {
    // One for each question: to end it ends all that its resolver has asked.
    const made = new Resolver({ timeout: Math.min(3_000, timeout), tries: 2 });
    if (asked.length > 0) {
      made.setServers(asked);
    }
    return made;
  };
  const records = <T>(
    name: string,
    ask: (resolver: Resolver) => Promise<readonly T[]>,
    asked = servers,
  ) => recordsOf(name, timeout, resolver(asked), ask);
  const addresses = async (name: string, asked = servers): Promise<Addresses> => {
    const [ipv4, ipv6] = await Promise.all([
      records(name, (resolver) => resolver.resolve4(name), asked),
      records(name, (resolver) => resolver.resolve6(name), asked),
    ]);
    return { ipv4, ipv6 };
  };
  return {
    addresses: (name) => addresses(name),
    outside: async (name) => {
      if (servers.length > 0) {
        return undefined;
      }
      return { server: outsideServers.join(" or "), ...(await addresses(name, outsideServers)) };
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
