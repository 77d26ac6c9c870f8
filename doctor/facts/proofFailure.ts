import { messageOf } from "../../lib/errors.ts";

/**
 * Runs a proof of dns/ once, without waiting for grants to propagate: a deployed credential has to work now.
 *
 * @param prove the proof, given its timeout in seconds
 * @returns the message of a failure, without the part that applies only to `pulumi up`
 */
export async function proofFailure(
  prove: (timeout: number) => Promise<void>,
): Promise<string | undefined> {
  try {
    await prove(0);
    return undefined;
  } catch (error) {
    return messageOf(error).replace(/ \(retried for .*$/s, "");
  }
}
