import { mapProperties, type Properties, textOf } from "../values.ts";

/** A reply of the API with the names that the SDK gives its properties; what is null falls away. */
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

/** The query of a list, from the fields that have a value. */
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
