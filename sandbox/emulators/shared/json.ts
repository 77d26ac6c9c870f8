/** A JSON object whose members have not been validated. */
export type JsonObject = Record<string, unknown>;

/** The value as an object, or an empty object: missing and malformed parts of a request are read alike. */
export function objectOf(value: unknown): JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value)
    ? (value as JsonObject)
    : {};
}

/** The value as a list, or an empty one. */
export function listOf(value: unknown): unknown[] {
  return Array.isArray(value) ? value : [];
}

/** The value as text, or undefined. */
export function textOf(value: unknown): string | undefined {
  return typeof value === "string" ? value : undefined;
}

/** The value as a list of texts, without members of other types. */
export function textsOf(value: unknown): string[] {
  return listOf(value).filter((member) => typeof member === "string");
}

/** Parses text as a JSON object; undefined for anything else. An empty body is an empty object. */
export function parseObject(text: string): JsonObject | undefined {
  if (text.trim() === "") {
    return {};
  }
  try {
    const parsed: unknown = JSON.parse(text);
    return typeof parsed === "object" && parsed !== null && !Array.isArray(parsed)
      ? (parsed as JsonObject)
      : undefined;
  } catch {
    return undefined;
  }
}
