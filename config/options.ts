import { z } from "zod";
import type { SettingMeta } from "./meta.ts";
import { settings, type SettingName } from "./settings.ts";

/** An option inside a setting, such as `zone` inside `dns`. */
export interface SettingOption {
  readonly name: string;
  readonly meta: SettingMeta;
}

/** Whether a setting's value is an object or a list, which Pulumi passes as JSON. */
export function isStructured(name: SettingName): boolean {
  const schema = given(settings[name]);
  return (
    schema instanceof z.ZodRecord ||
    schema instanceof z.ZodArray ||
    schema instanceof z.ZodDiscriminatedUnion
  );
}

/** Every problem of a stack reads the options, and they never change. */
const known = new Map<SettingName, readonly SettingOption[]>();

/** The options inside a setting, of all its alternatives or of its list items; each once. */
export function optionsOf(name: SettingName): readonly SettingOption[] {
  const options = known.get(name) ?? readOptions(name);
  known.set(name, options);
  return options;
}

function readOptions(name: SettingName): readonly SettingOption[] {
  const options = optionSchemas(given(settings[name])).map(
    ([option, schema]) => [option, { name: option, meta: schema.meta() ?? {} }] as const,
  );
  return [...new Map(options).values()];
}

/** The metadata of a setting, or of an option inside one, by path. */
export function metaOf(path: string): SettingMeta {
  const [name, option] = path.split(".") as [SettingName, string?];
  return option === undefined
    ? (settings[name].meta() ?? {})
    : (optionsOf(name).find((one) => one.name === option)?.meta ?? {});
}

/** The paths of the settings and options that are credentials. */
export function secretPaths(): readonly string[] {
  const names = Object.keys(settings) as SettingName[];
  return names
    .flatMap((name) => [name, ...optionsOf(name).map((option) => `${name}.${option.name}`)])
    .filter((path) => metaOf(path).secret === true);
}

/** Whether a setting is a credential or holds one, so that the program keeps the whole setting secret. */
export function holdsSecret(name: string): boolean {
  return secretPaths().some((path) => path.split(".")[0] === name);
}

function optionSchemas(schema: z.ZodType): [string, z.ZodType][] {
  if (schema instanceof z.ZodDiscriminatedUnion) {
    return (schema.options as z.ZodType[]).flatMap(optionSchemas);
  }
  if (schema instanceof z.ZodArray) {
    return optionSchemas(schema.element as z.ZodType);
  }
  return schema instanceof z.ZodObject
    ? (Object.entries(schema.shape) as [string, z.ZodType][])
    : [];
}

/** The schema of a present value. */
function given(schema: z.ZodType): z.ZodType {
  return schema instanceof z.ZodOptional ||
    schema instanceof z.ZodDefault ||
    schema instanceof z.ZodPrefault
    ? given(schema.unwrap() as z.ZodType)
    : schema;
}
