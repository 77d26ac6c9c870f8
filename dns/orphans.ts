import { log } from "@pulumi/pulumi";
import { messageOf } from "../lib/errors.ts";

/** The credentials of one maker: those that a stack has made, whether or not Pulumi knows of them. */
export interface CredentialInventory {
  /** Their ids. */
  readonly list: () => Promise<readonly string[]>;
  readonly remove: (id: string) => Promise<void>;
  /** The command, or the place, with which an operator removes one. */
  readonly removeCommand: (id: string) => string;
}

/**
 * Removes credentials that a killed run made and Pulumi never heard of: the cloud had made them, and the answer was lost.
 *
 * @param inventory the credentials that the stack has made
 * @param known ids of those that Pulumi knows: the one in use and the one about to be; undefined where it cannot be told,
 *   and then none is removed
 * @returns the ids of those that are left
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
      await log.warn(`Removed the credential ${id}, which an interrupted run had left behind`);
    }
  } catch (error) {
    // The credential that counts works; who may make one need not be allowed to list them.
    await log.warn(orphansNotLookedFor(error));
  }
  return left;
}

/** That orphans could not be looked for, and why. */
export function orphansNotLookedFor(error: unknown): string {
  return `Could not look for credentials that an interrupted run may have left behind: ${messageOf(error)}`;
}
