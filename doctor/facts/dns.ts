import type { CaaRecord } from "node:dns";
import { Resolver } from "node:dns/promises";
import { compareDelegation, type Comparison, type ServedZone } from "../../dns/delegation.ts";
import { requestTimeout, withDeadline } from "../../lib/deadline.ts";
import { dnsServersOf } from "../../lib/dnsServers.ts";
import { hasCode, messageOf } from "../../lib/errors.ts";
import { NotAvailable } from "../finding.ts";

/** The facts from DNS. */
export interface DnsFacts {
  /** The IPv4 and IPv6 addresses of a name; none if the name does not exist. */
  readonly addresses: (name: string) => Promise<Addresses>;
  /**
   * The addresses of a name on the internet; the DNS of this network may return others. Undefined if the user passed DNS
   * servers.
   */
  readonly outside: (name: string) => Promise<OutsideView | undefined>;
  /** The target of an alias (CNAME). */
  readonly alias: (name: string) => Promise<string | undefined>;
  /** The CAA records of exactly this name. */
  readonly caa: (name: string) => Promise<readonly CaaRecord[]>;
  /** Compares a zone at its DNS provider with the delegation in DNS for a name in the zone. */
  readonly compare: (name: string, zone: ServedZone) => Promise<Comparison>;
}

/** Addresses by family. */
export interface Addresses {
  readonly ipv4: readonly string[];
  readonly ipv6: readonly string[];
}

/** The addresses from a server outside of this network. */
export interface OutsideView extends Addresses {
  /** The servers that were queried. */
  readonly server: string;
}

/** Public resolvers, which the provider's issuer also queries (akash-network/provider, cmd/provider-services/cmd/flags). */
const publicServers = ["1.1.1.1", "8.8.8.8"];

/**
 * Queries DNS.
 *
 * @param servers the DNS servers; none: those of this machine
 * @param timeout how long each query may take, in milliseconds. Default: the timeout of any request
 * @param outsideServers the servers for the addresses on the internet, as `address[:port]`. Default: 1.1.1.1, 8.8.8.8
 */
export function dnsFacts(
  servers: readonly string[],
  timeout = requestTimeout,
  outsideServers: readonly string[] = publicServers,
): DnsFacts {
  const resolver = (asked: readonly string[]) => {
    // One resolver for each query: cancelling a resolver ends all its queries.
    const created = new Resolver({ timeout: Math.min(3_000, timeout), tries: 2 });
    if (asked.length > 0) {
      created.setServers(asked);
    }
    return created;
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
      // The environment's servers are for this query only.
      const named = dnsServersOf(process.env);
      return compareDelegation(name, zone, { servers: named.length > 0 ? named : servers });
    },
  };
}

/** The records; none if DNS returns that there are none. */
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
    throw new NotAvailable(`DNS does not respond for ${name} (${messageOf(error)})`);
  }
}
