import type { Property, Resource } from "./plugin.ts";
import { isUnknown, mapProperties, type Properties, sameValue, UNKNOWN } from "./values.ts";

/** How one property changes. */
export interface PropertyChange {
  readonly kind: "add" | "delete" | "update";
  readonly replaces: boolean;
}

/** How a resource changes. */
export interface ResourceChange {
  readonly properties: Readonly<Record<string, PropertyChange>>;
  readonly deleteBeforeReplace: boolean;
}

/**
 * Compares what the cloud has, as far as the state knows, with what the program asks for. What a refresh found
 * changed is therefore a difference even where the program is the same.
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

/** What a preview can say of a resource that is about to be made. */
export function foreseeCreate<Cloud>(resource: Resource<Cloud>, inputs: Properties): Properties {
  const known = { ...inputs, ...resource.foresee?.(inputs) };
  return mapProperties(
    resource.properties,
    ({ output, computed }, name) => known[name] ?? (output || computed ? UNKNOWN : undefined),
  );
}

/** What a preview can say of a resource that is about to be changed. */
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
