import { mapProperties, type Properties, textOf } from "../values.ts";

/** A response of the API with the SDK's property names, without null values. */
export function camelCased(value: unknown): unknown {
  if (Array.isArray(value)) {
    return value.map(camelCased);
  }
  if (typeof value !== "object" || value === null) {
    return value ?? undefined;
  }
  const renamed = Object.entries(value).map(([name, item]) => [camelCase(name), item] as const);
  return mapProperties(Object.fromEntries(renamed), camelCased);
}

/** The query of a list, from the fields with a value. */
export function queryOf(fields: Properties): URLSearchParams {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(fields)) {
    if (textOf(value) !== "") {
      query.set(name, textOf(value));
    }
  }
  return query;
}

function camelCase(name: string): string {
  return name.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());
}
