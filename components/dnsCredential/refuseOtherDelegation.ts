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

/**
 * What DNS shows for the challenge of a host.
 *
 * @returns undefined where DNS does not tell
 * @throws RunError when the environment names servers that are none
 */
export async function shownDelegation(host: string): Promise<Delegation | undefined> {
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
 * @param host the host that the certificate is for
 * @param zone the zone at its cloud
 * @param shown what DNS shows for the host's challenge
 * @throws RunError with what DNS shows
 */
export async function refuseOtherDelegation(
  host: string,
  zone: ServedZone,
  shown: Delegation | undefined,
): Promise<void> {
  const comparison = await compareDelegation(
    challengeRecord(host),
    zone,
    {},
    Promise.resolve(shown),
  );
  if (comparison.result === "differs" && comparison.isPublic) {
    throw new RunError(`${delegatedElsewhere(comparison.difference, zone)}\nNothing was changed.`);
  }
}
