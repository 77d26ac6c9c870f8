/** A map with nested maps, such as chart values, settings and Helm's records. */
export type ValueMap = Readonly<Record<string, unknown>>;

/** Whether a value is a map: an object that is not a list. */
export function isMap(value: unknown): value is ValueMap {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/**
 * Whether a value means the same as an unset value: DNS providers and API servers omit such values from their responses.
 *
 * @param inside whether a map or list of such values is also unset. Default: only an empty one
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

/** The value of JSON text, or undefined where the text is not JSON. */
export function parseJson(text: string | undefined): unknown {
  try {
    return JSON.parse(text ?? "");
  } catch {
    return undefined;
  }
}

/** {@link JSON.parse} with the source text for the reviver, for a value that is neither map nor list. */
type ParseJson = (
  text: string,
  reviver: (key: string, value: unknown, context: { readonly source?: string }) => unknown,
) => unknown;

/** {@link parseJson} with the text of the digits for a whole number that a double may not represent. */
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
