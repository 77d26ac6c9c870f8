import { log } from "@pulumi/pulumi";
import { messageOf } from "../lib/errors.ts";

/** The credentials that a stack has created at a DNS provider, including those that are not in its state. */
export interface CredentialInventory {
  /** Their ids. */
  readonly list: () => Promise<readonly string[]>;
  readonly remove: (id: string) => Promise<void>;
  /** The command or the place for deleting one by hand. */
  readonly removeCommand: (id: string) => string;
}

/**
 * Deletes orphans: credentials that an interrupted run created, but that are missing in the state since the DNS provider's
 * answer was lost.
 *
 * @param inventory the credentials that the stack has created
 * @param known ids of the credentials in the state: the one in use and its successor; undefined where they are unknown, in
 *   which case none is deleted
 * @returns the ids of the remaining credentials
 */
export async function removeOrphans(
  inventory: CredentialInventory,
  known: readonly string[] | undefined,
): Promise<readonly string[]> {
  let left: readonly string[] = [];
  try {
    left = await inventory.list();
    const orphans = known === undefined ? [] : left.filter((id) => !known.includes(id));
    for (const id of orphans) {
      await inventory.remove(id);
      left = left.filter((other) => other !== id);
      await log.warn(`Deleted the orphan credential ${id} of an interrupted run`);
    }
  } catch (error) {
    // The credential in use works. The permission to create credentials does not include the one to list them.
    await log.warn(orphansNotChecked(error));
  }
  return left;
}

/** The warning that orphans could not be listed. */
export function orphansNotChecked(error: unknown): string {
  return `Could not check for orphan credentials of interrupted runs: ${messageOf(error)}`;
}
