import { isMap, isUnset } from "../../lib/json.ts";
import { quantityOf } from "../../lib/quantity.ts";

/** A field that is not as it was applied. */
export interface Difference {
  /** Such as `spec.replicas` or `data.AKASH_NODE`. */
  readonly path: string;
  readonly applied: unknown;
  readonly live: unknown;
}

/**
 * Compares an object as it is with the one that was applied, field by field. Fields that the API server has added are
 * no difference; one that was applied and is not there is.
 */
export function differences(applied: unknown, live: unknown, path = ""): Difference[] {
  // Null leaves a field to others: a chart's empty `annotations:` gets Helm's.
  if (applied === null || (isUnset(applied, true) && isUnset(live, true))) {
    return [];
  }
  if (Array.isArray(applied) && Array.isArray(live) && applied.length === live.length) {
    return applied.flatMap((item, index) => differences(item, live[index], `${path}[${index}]`));
  }
  if (isMap(applied) && isMap(live)) {
    return Object.entries(applied).flatMap(([key, value]) =>
      differences(value, live[key], path === "" ? key : `${path}.${key}`),
    );
  }
  return sameValue(applied, live, path) ? [] : [{ path, applied, live }];
}

function sameValue(applied: unknown, live: unknown, path: string): boolean {
  if (applied === live) {
    return true;
  }
  // The API server writes quantities in its own way: 1000m is 1, and 2048Mi 2Gi.
  const quantity = /\.(requests|limits)\./.test(path) ? quantityOf(applied) : undefined;
  return quantity !== undefined && quantity === quantityOf(live);
}
