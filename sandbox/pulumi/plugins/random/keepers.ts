import type { Property } from "../plugin.ts";

/** Values whose change replaces the resource; every random resource has them. */
export const keepers: Property = { replaces: true };

/** The error for a number that is not whole or is below `least`. */
export function atLeast(least: number): (value: unknown) => string | undefined {
  return (value) =>
    Number.isInteger(value) && Number(value) >= least
      ? undefined
      : `expected a whole number of ${least} or more`;
}
