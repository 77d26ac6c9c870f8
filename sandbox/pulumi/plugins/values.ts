/**
 * The values of the plugin protocol: JSON, with two signatures for values that JSON does not have. Both are part of
 * the protocol (`@pulumi/pulumi/runtime/rpc`).
 */
import type { JavaScriptValue } from "google-protobuf/google/protobuf/struct_pb.js";
import struct from "google-protobuf/google/protobuf/struct_pb.js";
import { isUnset } from "../../../lib/json.ts";

/** Represents a value that is known only after the deployment. */
export const UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9";

const SIGNATURE = "4dabf18193072939515e22adb298388d";
const SECRET = "1b47061264138c4ac30d75fd1eb44270";

/** Prefix of the bridge's own keys among the properties, such as {@link DEFAULTS}. */
const INTERNAL_PREFIX = "__";

/** The input that lists the inputs that the plugin, not the program, has set. */
export const DEFAULTS = "__defaults";

/** Properties of a resource, arguments or results of a function, by their names in the SDK. */
export type Properties = Readonly<Record<string, unknown>>;

/** Reads a message of the engine; secrets become plain values, and null values are omitted. */
export function fromStruct(message: struct.Struct | undefined): Properties {
  return objectOf(plain(message?.toJavaScript() ?? {}));
}

/** Writes a message to the engine. */
export function toStruct(properties: Properties): struct.Struct {
  return struct.Struct.fromJavaScript(defined(properties) as Record<string, JavaScriptValue>);
}

/** Marks the properties of these names as secret; the engine then encrypts them in the state. */
export function withSecrets(properties: Properties, names: readonly string[]): Properties {
  return mapProperties(properties, (value, name) =>
    value !== undefined && names.includes(name) ? { [SIGNATURE]: SECRET, value } : value,
  );
}

/** Whether a value, or a value inside it, is unknown. */
export function isUnknown(value: unknown): boolean {
  return (
    value === UNKNOWN ||
    (typeof value === "object" && value !== null && Object.values(value).some(isUnknown))
  );
}

/** The properties without the bridge's own keys. */
export function withoutInternal(properties: Properties): Properties {
  return Object.fromEntries(
    Object.entries(properties).filter(([name]) => !name.startsWith(INTERNAL_PREFIX)),
  );
}

/** Applies a function to every property; properties for which it returns undefined are omitted. */
export function mapProperties<Value>(
  properties: Readonly<Record<string, Value>>,
  map: (value: Value, name: string) => unknown,
): Properties {
  return Object.fromEntries(
    Object.entries(properties)
      .map(([name, value]) => [name, map(value, name)] as const)
      .filter(([, value]) => value !== undefined),
  );
}

/** The value as an object; an empty object for anything else. */
export function objectOf(value: unknown): Properties {
  return typeof value === "object" && value !== null && !Array.isArray(value)
    ? (value as Properties)
    : {};
}

/** The value as a list; an empty list for anything else. */
export function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

/** The value as a text; an empty text for anything else. */
export function textOf(value: unknown): string {
  return typeof value === "string" ? value : "";
}

/**
 * Whether two values are equal for a resource. As in Terraform's schemas, a missing value equals the zero value of
 * its type: an API omits an empty description.
 */
export function sameValue(one: unknown, other: unknown): boolean {
  if (isUnset(one) || isUnset(other)) {
    return isUnset(one) && isUnset(other);
  }
  if (typeof one !== "object" || typeof other !== "object") {
    return one === other;
  }
  if (Array.isArray(one) !== Array.isArray(other)) {
    return false;
  }
  const [left, right] = [one as Properties, other as Properties];
  const names = new Set([...Object.keys(left), ...Object.keys(right)]);
  return [...names].every((name) => sameValue(left[name], right[name]));
}

/** The value without undefined properties, which the message cannot contain. */
function defined(value: unknown): unknown {
  if (Array.isArray(value)) {
    return value.map(defined);
  }
  return typeof value === "object" && value !== null
    ? mapProperties(value as Properties, defined)
    : value;
}

function plain(value: unknown): unknown {
  if (Array.isArray(value)) {
    return value.map((item) => plain(item) ?? null);
  }
  if (typeof value !== "object" || value === null) {
    return value ?? undefined;
  }
  const properties = value as Properties;
  return properties[SIGNATURE] === SECRET
    ? plain(properties.value)
    : mapProperties(properties, plain);
}
