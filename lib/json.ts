/** A map whose values may be maps again, as chart values, settings and Helm's records are. */
export type ValueMap = Readonly<Record<string, unknown>>;

/** Whether a value is a map: an object, and no list. */
export function isMap(value: unknown): value is ValueMap {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/**
 * Whether a value says no more than one that is not set: clouds and API servers leave such ones out of their answers.
 *
 * @param inside whether a map or list of such values counts as one, too. Default: only an empty one does
 */
export function isUnset(value: unknown, inside = false): boolean {
  return (
    value === undefined ||
    value === null ||
    value === "" ||
    value === false ||
    value === 0 ||
    (typeof value === "object" &&
      Object.values(value).every((item) => inside && isUnset(item, inside)))
  );
}

/** The value of JSON text, or undefined where it is none. */
export function parseJson(text: string | undefined): unknown {
  try {
    return JSON.parse(text ?? "");
  } catch {
    return undefined;
  }
}

/** What {@link JSON.parse} tells its reviver of a value that is neither map nor list. */
type ParseJson = (
  text: string,
  reviver: (key: string, value: unknown, context: { readonly source?: string }) => unknown,
) => unknown;

/** The same as {@link parseJson}, with a whole number that a double might not hold as the text of its digits. */
export function parseJsonDigits(text: string | undefined): unknown {
  try {
    return (JSON.parse as ParseJson)(text ?? "", (_key, value, { source }) =>
      typeof value === "number" && source !== undefined && isLargeInteger(source) ? source : value,
    );
  } catch {
    return undefined;
  }
}

function isLargeInteger(source: string): boolean {
  return /^-?\d+$/.test(source) && !Number.isSafeInteger(Number(source));
}
