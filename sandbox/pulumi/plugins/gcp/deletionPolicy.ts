import type { Property } from "../plugin.ts";
import type { Properties } from "../values.ts";
import type { GoogleCloud } from "./client.ts";
import { checkDeletionPolicy } from "./settings.ts";

/** The input by which a resource says what its deletion is to do. */
export const deletionPolicyProperty: Property = { computed: true, check: checkDeletionPolicy };

/** The inputs with the deletion policy of the provider where they have none. */
export function withDeletionPolicy(cloud: GoogleCloud, inputs: Properties): Properties {
  return { deletionPolicy: cloud.deletionPolicy, ...inputs };
}

/**
 * Whether the resource is to be deleted at the cloud.
 *
 * @throws when its deletion policy prevents that.
 */
export function isToBeDeleted(id: string, { deletionPolicy }: Properties): boolean {
  if (deletionPolicy === "PREVENT") {
    throw new Error(`cannot delete ${id}: its deletionPolicy is "PREVENT"`);
  }
  return deletionPolicy !== "ABANDON";
}
