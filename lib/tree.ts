import { isMap } from "./json.ts";

/** A map whose values may be maps again, as chart values, settings and Helm's records have them. */
export type ValueMap = Readonly<Record<string, unknown>>;

/**
 * The value at a path, or undefined.
 *
 * @param path keys with dots between them
 */
export function valueAt(values: unknown, path: string): unknown {
  return path
    .split(".")
    .reduce<unknown>((value, key) => (isMap(value) ? value[key] : undefined), values);
}

/** The values without the one at a path, and without the maps that are empty then. */
export function without(values: ValueMap, path: string): ValueMap {
  const [key = "", ...rest] = path.split(".");
  const { [key]: value, ...others } = values;
  if (rest.length === 0 || !isMap(value)) {
    return rest.length === 0 ? others : values;
  }
  const remaining = without(value, rest.join("."));
  return Object.keys(remaining).length === 0 ? others : { ...others, [key]: remaining };
}

/** Every value that is no map, by its path. A list is one value. */
export function leaves(values: unknown, path: readonly string[] = []): [string, unknown][] {
  return isMap(values)
    ? Object.entries(values).flatMap(([key, value]) => leaves(value, [...path, key]))
    : [[path.join("."), values]];
}
