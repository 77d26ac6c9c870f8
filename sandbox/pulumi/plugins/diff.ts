import type { Property, Resource } from "./plugin.ts";
import { isUnknown, mapProperties, type Properties, sameValue, UNKNOWN } from "./values.ts";

/** The change of a property. */
export interface PropertyChange {
  readonly kind: "add" | "delete" | "update";
  readonly replaces: boolean;
}

/** The change of a resource. */
export interface ResourceChange {
  readonly properties: Readonly<Record<string, PropertyChange>>;
  readonly deleteBeforeReplace: boolean;
}

/**
 * Compares the resource in the state with the program's inputs. A change that a refresh found is therefore a
 * difference even if the program is unchanged.
 */
export function diffResource<Cloud>(
  resource: Resource<Cloud>,
  olds: Properties,
  news: Properties,
): ResourceChange {
  const entries = Object.entries(resource.properties).flatMap(([name, property]) => {
    const change = diffProperty(property, olds[name], news[name]);
    return change ? [[name, change] as const] : [];
  });
  const replaces = entries.some(([, change]) => change.replaces);
  return {
    properties: Object.fromEntries(entries),
    deleteBeforeReplace: replaces && (resource.deleteBeforeReplace?.(olds, news) ?? false),
  };
}

/** The outputs in the preview of a creation. */
export function foreseeCreate<Cloud>(resource: Resource<Cloud>, inputs: Properties): Properties {
  const known = { ...inputs, ...resource.foresee?.(inputs) };
  return mapProperties(
    resource.properties,
    ({ output, computed }, name) => known[name] ?? (output || computed ? UNKNOWN : undefined),
  );
}

/** The outputs in the preview of an update. */
export function foreseeUpdate<Cloud>(
  resource: Resource<Cloud>,
  olds: Properties,
  inputs: Properties,
): Properties {
  return mapProperties(resource.properties, ({ output, computed, unsettled }, name) => {
    if (output || (computed && inputs[name] === undefined)) {
      return unsettled ? UNKNOWN : olds[name];
    }
    return inputs[name];
  });
}

function diffProperty(
  property: Property,
  old: unknown,
  wanted: unknown,
): PropertyChange | undefined {
  const leftToCloud = wanted === undefined && property.computed;
  if (property.output || leftToCloud || (!isUnknown(wanted) && isSame(property, old, wanted))) {
    return undefined;
  }
  const kind = wanted === undefined ? "delete" : old === undefined ? "add" : "update";
  return { kind, replaces: property.replaces ?? false };
}

function isSame(property: Property, old: unknown, wanted: unknown): boolean {
  return sameValue(old, wanted) || (property.same?.(old, wanted) ?? false);
}
