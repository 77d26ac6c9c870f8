import type { Property } from "../plugin.ts";
import type { Properties } from "../values.ts";
import type { GoogleCloud } from "./client.ts";
import { checkDeletionPolicy } from "./settings.ts";

/** The input that sets the effect of a resource's deletion. */
export const deletionPolicyProperty: Property = { computed: true, check: checkDeletionPolicy };

/** The inputs, completed with the deletion policy of the provider. */
export function withDeletionPolicy(cloud: GoogleCloud, inputs: Properties): Properties {
  return { deletionPolicy: cloud.deletionPolicy, ...inputs };
}

/**
 * Whether the resource is deleted at Google.
 *
 * @throws when its deletion policy prevents that.
 */
export function isToBeDeleted(id: string, { deletionPolicy }: Properties): boolean {
  if (deletionPolicy === "PREVENT") {
    throw new Error(`cannot delete ${id}: its deletionPolicy is "PREVENT"`);
  }
  return deletionPolicy !== "ABANDON";
}
