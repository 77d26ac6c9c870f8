import { credentialSecret } from "../expectation.ts";
import { hasWildcard, usesDns01, type Check, type Context } from "../check.ts";
import type { CloudCredential } from "../facts/credential.ts";
import { NotAvailable } from "../finding.ts";

/**
 * The stacks whose credential can be checked: with Workload Identity on GKE only the pod has a credential, and under
 * HTTP-01 only the wildcard certificate has one.
 */
export const hasCredential: NonNullable<Check["applies"]> = (expected) =>
  credentialSecret(expected) !== undefined || (!usesDns01(expected) && hasWildcard(expected));

/**
 * The credential in the Secret.
 *
 * @throws NotAvailable without a well-formed one; the check of the Secret reports the defect
 */
export async function credentialInUse({ credential }: Context): Promise<CloudCredential> {
  const found = await credential();
  if (found === undefined) {
    throw new NotAvailable("the cluster has no well-formed DNS credential");
  }
  return found;
}
