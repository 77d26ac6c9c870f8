import { isMap, isUnset } from "../../lib/json.ts";
import { quantityOf } from "../../lib/quantity.ts";

/** A field that differs from what was applied. */
export interface Difference {
  /** Such as `spec.replicas` or `spec.template.spec.containers[provider].image`. */
  readonly path: string;
  /** The path in the live object, as a JSON pointer (RFC 6901). */
  readonly pointer: string;
  readonly applied: unknown;
  readonly live: unknown;
  /** Whether the field is an added list item that the applied object does not name. */
  readonly isAddition?: true;
}

/** The position of two values in their objects. */
interface Place {
  readonly path: string;
  readonly pointer: string;
}

/**
 * Compares a live object with the applied one, field by field. Fields that the API server has added are no difference;
 * a missing applied field and an added list item are.
 */
export function differences(
  applied: unknown,
  live: unknown,
  place: Place = { path: "", pointer: "" },
): Difference[] {
  // Null leaves a field to other managers: Helm adds its annotations to a chart's empty `annotations:`.
  if (applied === null || (isUnset(applied, true) && isUnset(live, true))) {
    return [];
  }
  if (Array.isArray(applied) && Array.isArray(live)) {
    const names = [namesOf(applied), namesOf(live)] as const;
    if (names[0] !== undefined && names[1] !== undefined) {
      return namedItems(applied, live, names[0], names[1], place);
    }
    if (applied.length === live.length) {
      return applied.flatMap((item, index) =>
        differences(item, live[index], at(place, `[${index}]`, index)),
      );
    }
  }
  if (isMap(applied) && isMap(live)) {
    return Object.entries(applied).flatMap(([key, value]) =>
      differences(value, live[key], at(place, place.path === "" ? key : `.${key}`, key)),
    );
  }
  return sameValue(applied, live, place.path) ? [] : [{ ...place, applied, live }];
}

/** Compares list items by name, as the API server merges them; their order may differ. */
function namedItems(
  applied: readonly unknown[],
  live: readonly unknown[],
  appliedNames: readonly string[],
  liveNames: readonly string[],
  place: Place,
): Difference[] {
  const known = new Set(appliedNames);
  return [
    ...appliedNames.flatMap((name, index) => {
      const liveIndex = liveNames.indexOf(name);
      return differences(applied[index], live[liveIndex], at(place, `[${name}]`, liveIndex));
    }),
    ...liveNames.flatMap((name, index): Difference[] =>
      known.has(name)
        ? []
        : [
            {
              ...at(place, `[${name}]`, index),
              applied: undefined,
              live: live[index],
              isAddition: true,
            },
          ],
    ),
  ];
}

/** The names of a list's items, if each item has a unique name. */
function namesOf(items: readonly unknown[]): readonly string[] | undefined {
  const names = items.flatMap((item) =>
    isMap(item) && typeof item.name === "string" ? item.name : [],
  );
  return new Set(names).size === items.length ? names : undefined;
}

function at({ path, pointer }: Place, step: string, key: string | number): Place {
  const token = String(key).replaceAll("~", "~0").replaceAll("/", "~1");
  return { path: path + step, pointer: `${pointer}/${token}` };
}

function sameValue(applied: unknown, live: unknown, path: string): boolean {
  if (applied === live) {
    return true;
  }
  // The API server normalizes quantities: 1000m becomes 1, and 2048Mi becomes 2Gi.
  const quantity = /\.(requests|limits)\./.test(path) ? quantityOf(applied) : undefined;
  return quantity !== undefined && quantity === quantityOf(live);
}
