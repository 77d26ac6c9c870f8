import { RunError } from "@pulumi/pulumi";
import {
  challengeRecord,
  compareDelegation,
  findDelegation,
  type Delegation,
  type ServedZone,
} from "../../dns/delegation.ts";
import { delegatedElsewhere } from "../../dns/delegationProof.ts";
import { UserError } from "../../lib/errors.ts";

/** The delegation of a host's challenge record; undefined where DNS gives no answer. */
export type ShownDelegation = readonly [host: string, shown: Delegation | undefined];

/**
 * Finds the delegations of the hosts' challenge records.
 *
 * @throws RunError when the environment variable contains invalid DNS servers
 */
export function shownDelegations(hosts: readonly string[]): Promise<readonly ShownDelegation[]> {
  return Promise.all(hosts.map(async (host) => [host, await shownDelegation(host)] as const));
}

async function shownDelegation(host: string): Promise<Delegation | undefined> {
  try {
    return await findDelegation(challengeRecord(host));
  } catch (error) {
    throw error instanceof UserError ? new RunError(error.message) : error;
  }
}

/**
 * Refuses a zone that public DNS does not delegate to, before a credential is created for it. Where DNS gives no answer, the
 * proof prints a warning.
 *
 * @param zone the zone at its DNS provider
 * @param delegations the delegation of each host's challenge record
 * @throws RunError with the delegation in DNS
 */
export async function refuseOtherDelegation(
  zone: ServedZone,
  delegations: readonly ShownDelegation[],
): Promise<void> {
  for (const [host, shown] of delegations) {
    const comparison = await compareDelegation(
      challengeRecord(host),
      zone,
      {},
      Promise.resolve(shown),
    );
    if (comparison.result === "differs" && comparison.isPublic) {
      throw new RunError(
        `${delegatedElsewhere(comparison.difference, zone)}\nNothing was changed.`,
      );
    }
  }
}
