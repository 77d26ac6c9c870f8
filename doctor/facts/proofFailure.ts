import { messageOf } from "../../lib/errors.ts";

/**
 * Runs a proof of dns/ once, without waiting for grants to spread: what is deployed has to work now.
 *
 * @param prove the proof, given its timeout in seconds
 * @returns its sentence when it fails, without what concerns `pulumi up` alone
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
