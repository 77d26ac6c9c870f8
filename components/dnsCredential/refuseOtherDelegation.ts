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

/** What DNS shows for the challenge of a host; undefined where it does not tell. */
export type ShownDelegation = readonly [host: string, shown: Delegation | undefined];

/**
 * What DNS shows for the challenges of hosts.
 *
 * @throws RunError when the environment names servers that are none
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
 * Refuses a zone that, for sure, is not the one that the internet asks, before a credential is made for it. Where DNS does
 * not tell, the proof says so.
 *
 * @param zone the zone at its cloud
 * @param delegations what DNS shows for each host's challenge
 * @throws RunError with what DNS shows
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
