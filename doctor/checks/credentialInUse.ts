import { credentialSecret } from "../expectation.ts";
import type { Check, Context } from "../check.ts";
import type { CloudCredential } from "../facts/credential.ts";
import { NotSeen } from "../finding.ts";

/** For which stacks the credential can be tried: on GKE with Workload Identity only the pod itself has one. */
export const hasCredential: NonNullable<Check["applies"]> = (expected) =>
  credentialSecret(expected) !== undefined;

/** The credential in the Secret, or NotSeen: the check of the Secret says what is wrong with it. */
export async function credentialInUse({ credential }: Context): Promise<CloudCredential> {
  const found = await credential();
  if (found === undefined) {
    throw new NotSeen("there is no well-formed DNS credential in the cluster");
  }
  return found;
}
