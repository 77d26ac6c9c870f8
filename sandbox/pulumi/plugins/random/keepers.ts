import type { Property } from "../plugin.ts";

/** Values whose change makes a new resource; every random resource has them. */
export const keepers: Property = { replaces: true };

/** What is wrong with a number that must be whole and not below `least`. */
export function atLeast(least: number): (value: unknown) => string | undefined {
  return (value) =>
    Number.isInteger(value) && Number(value) >= least
      ? undefined
      : `expected a whole number of ${least} or more`;
}
