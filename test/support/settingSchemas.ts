import { z } from "zod";
import { settings } from "../../config/settings.ts";
import type { SettingMeta } from "../../config/meta.ts";
import { leaves } from "../../lib/tree.ts";

/** The JSON schema of a setting, or of an option inside one, with what it says about itself. */
export type SettingSchema = z.core.JSONSchema.BaseSchema & SettingMeta;

/** The JSON schemas of the settings in the form that a stack has them in, before they are read. */
export function settingSchemas(): z.core.JSONSchema.BaseSchema {
  return z.toJSONSchema(z.object(settings), {
    io: "input",
    target: "draft-07",
    // Zod leaves examples out where a value is read into something else, since they might be of what it becomes.
    override: ({ zodSchema, jsonSchema }) => {
      Object.assign(jsonSchema, z.globalRegistry.get(zodSchema));
    },
  });
}

/** The properties of an object's schema, each with whether it is required. */
export function propertiesOf({
  properties = {},
  required = [],
}: z.core.JSONSchema.BaseSchema): [string, SettingSchema, boolean][] {
  return Object.entries(properties).map(([name, schema]) => [
    name,
    schema as SettingSchema,
    required.includes(name),
  ]);
}

/** The alternatives of a setting such as `dns`, each with the word that chooses it. */
export function alternativesOf({ oneOf = [] }: SettingSchema): [string, SettingSchema][] {
  return (oneOf as SettingSchema[]).map((alternative) => {
    const choice = propertiesOf(alternative).find(([, schema]) => schema.const !== undefined);
    return [String(choice?.[1].const), alternative];
  });
}

/** What a setting is, whether it is required or secret, and what holds without it. */
export function fullDescription(schema: SettingSchema, required: boolean): string {
  const { description = "", secret = false, note = "", unset } = schema;
  const status = secret
    ? `Secret${required ? ", required" : ""}`
    : required
      ? "Required"
      : (ownDefault(schema) ?? (unset === undefined ? undefined : `Default: ${unset}`));
  return status === undefined ? description : `${description} ${status}${note}.`;
}

/** The default of a setting that has one, as far as it is a single word or number. */
function ownDefault(schema: SettingSchema): string | undefined {
  const [[, value] = [], ...others] = leaves(schema.default, { lists: true });
  if ((typeof value !== "string" && typeof value !== "number") || others.length > 0) {
    return undefined;
  }
  return `Default ${/^\d+$/.test(String(value)) ? value : `\`${value}\``}`;
}
