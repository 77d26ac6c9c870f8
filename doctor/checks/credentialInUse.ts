import { credentialSecret } from "../expectation.ts";
import { hasWildcard, usesDns01, type Check, type Context } from "../check.ts";
import type { CloudCredential } from "../facts/credential.ts";
import { NotSeen } from "../finding.ts";

/**
 * For which stacks the credential can be tried: on GKE with Workload Identity only the pod itself has one, and under
 * HTTP-01 there is one for the wildcard certificate alone.
 */
export const hasCredential: NonNullable<Check["applies"]> = (expected) =>
  credentialSecret(expected) !== undefined || (!usesDns01(expected) && hasWildcard(expected));

/** The credential in the Secret, or NotSeen: the check of the Secret says what is wrong with it. */
export async function credentialInUse({ credential }: Context): Promise<CloudCredential> {
  const found = await credential();
  if (found === undefined) {
    throw new NotSeen("there is no well-formed DNS credential in the cluster");
  }
  return found;
}
