import type { V1ManagedFieldsEntry } from "@kubernetes/client-node";
import { isMap, type ValueMap } from "../../lib/json.ts";

/**
 * The field manager whose fields Pulumi's Kubernetes plugin takes over when it first updates an object
 * (pulumi-kubernetes, provider/pkg/await/await.go, `fixCSAFieldManagers`).
 */
export const pulumiFieldManager = "pulumi-kubernetes";

/**
 * An object's field managers with Pulumi in place of all others: Pulumi can then change and remove their fields by
 * server-side apply, which otherwise refuses to change the fields of another manager.
 */
export function handedToPulumi(
  entries: readonly V1ManagedFieldsEntry[],
): readonly V1ManagedFieldsEntry[] {
  const [first] = entries;
  if (first === undefined) {
    return [];
  }
  const fieldsV1 = entries.map((entry) => entry.fieldsV1 as ValueMap).reduce(union);
  return [{ ...first, manager: pulumiFieldManager, operation: "Update", fieldsV1 }];
}

function union(a: ValueMap, b: ValueMap): ValueMap {
  const added = Object.entries(b).map(([name, value]) => {
    const present = a[name];
    return [name, isMap(present) && isMap(value) ? union(present, value) : value] as const;
  });
  return { ...a, ...Object.fromEntries(added) };
}
