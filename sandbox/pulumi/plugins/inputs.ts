import type { Naming, Resource } from "./plugin.ts";
import type { Failure } from "./settings.ts";
import { DEFAULTS, isUnknown, mapProperties, type Properties, withoutInternal } from "./values.ts";

/** Checked inputs. */
export interface CheckedInputs {
  readonly inputs: Properties;
  readonly failures: readonly Failure[];
}

/** Checks the inputs of a resource and completes them with defaults, as the bridge does before every diff. */
export function checkInputs<Cloud>(
  resource: Resource<Cloud>,
  cloud: Cloud,
  news: Properties,
  naming: Naming,
): CheckedInputs {
  const given = withoutInternal(news);
  const filled = { ...defaultsOf(resource), ...given };
  const inputs = resource.complete?.(cloud, filled, naming) ?? filled;
  const failures = [
    ...Object.keys(given).flatMap((name) => unknownInput(resource, name)),
    ...Object.keys(resource.properties).flatMap((name) => checkInput(resource, name, inputs)),
  ];
  const reason = failures.length > 0 || isUnknown(inputs) ? undefined : resource.checkAll?.(inputs);
  return { inputs, failures: reason === undefined ? failures : [{ property: "", reason }] };
}

/**
 * The inputs that result in the resource as it was found. After a refresh, only the inputs that the program had set
 * are taken over; after an import, all inputs with a value.
 */
export function inputsOf<Cloud>(
  resource: Resource<Cloud>,
  outputs: Properties,
  olds: Properties,
): Properties {
  const imported = Object.keys(olds).length === 0;
  const found = mapProperties(outputs, (value, name) => {
    const property = resource.properties[name];
    const isInput = property !== undefined && property.output === undefined;
    return isInput && (imported || name in olds) ? value : undefined;
  });
  return {
    ...mapProperties(olds, (value, name) => (name === DEFAULTS ? value : undefined)),
    ...found,
  };
}

function defaultsOf<Cloud>({ properties }: Resource<Cloud>): Properties {
  return mapProperties(properties, (property) => property.default);
}

function unknownInput<Cloud>({ properties }: Resource<Cloud>, name: string): Failure[] {
  const property = properties[name];
  return property === undefined || property.output
    ? [{ property: name, reason: `there is no input "${name}"` }]
    : [];
}

function checkInput<Cloud>(
  { properties }: Resource<Cloud>,
  name: string,
  inputs: Properties,
): Failure[] {
  const value = inputs[name];
  if (value === undefined) {
    return properties[name]?.required
      ? [{ property: name, reason: `missing required property "${name}"` }]
      : [];
  }
  const reason = isUnknown(value) ? undefined : properties[name]?.check?.(value);
  return reason === undefined ? [] : [{ property: name, reason }];
}
