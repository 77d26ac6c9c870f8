import { isMap } from "./json.ts";

/** The value at a path, such as `image.tag`, or undefined. */
export function valueAt(tree: unknown, path: string): unknown {
  return path
    .split(".")
    .reduce<unknown>((value, key) => (isMap(value) ? value[key] : undefined), tree);
}

/** The tree without the value at a path, and without maps that become empty. */
export function without(
  tree: Readonly<Record<string, unknown>>,
  path: string,
): Readonly<Record<string, unknown>> {
  const [key = "", ...rest] = path.split(".");
  const { [key]: value, ...others } = tree;
  if (rest.length === 0 || !isMap(value)) {
    return rest.length === 0 ? others : tree;
  }
  const remaining = without(value, rest.join("."));
  return Object.keys(remaining).length === 0 ? others : { ...others, [key]: remaining };
}

/**
 * Every value that is not a map, by its path.
 *
 * @param options.lists whether the items of lists are returned by number. Default: a list is one value
 */
export function leaves(
  tree: unknown,
  options: { readonly lists?: boolean } = {},
  path: readonly string[] = [],
): [string, unknown][] {
  return isMap(tree) || (options.lists === true && Array.isArray(tree))
    ? Object.entries(tree).flatMap(([key, value]) => leaves(value, options, [...path, key]))
    : [[path.join("."), tree]];
}

/** The tree with every value replaced that is neither map nor list; the path of a list item ends in its number. */
export function mapLeaves(
  tree: unknown,
  map: (leaf: unknown, path: readonly string[]) => unknown,
  path: readonly string[] = [],
): unknown {
  if (Array.isArray(tree)) {
    return tree.map((item, index) => mapLeaves(item, map, [...path, String(index)]));
  }
  return isMap(tree)
    ? Object.fromEntries(
        Object.entries(tree).map(([key, value]) => [key, mapLeaves(value, map, [...path, key])]),
      )
    : map(tree, path);
}
