import { z } from "zod";
import { settings } from "../../config/settings.ts";
import type { SettingMeta } from "../../config/meta.ts";
import { leaves } from "../../lib/tree.ts";

/** The JSON schema of a setting, or of an option inside one, with its description. */
export type SettingSchema = z.core.JSONSchema.BaseSchema & SettingMeta;

/** The JSON schemas of the settings in a stack's form, before they are parsed. */
export function settingSchemas(): z.core.JSONSchema.BaseSchema {
  return z.toJSONSchema(z.object(settings), {
    io: "input",
    target: "draft-07",
    // Zod omits the examples of a value that is transformed, because they might be of the result.
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

/** The alternatives of a setting such as `dns`, each with its name. */
export function alternativesOf({ oneOf = [] }: SettingSchema): [string, SettingSchema][] {
  return (oneOf as SettingSchema[]).map((alternative) => {
    const choice = propertiesOf(alternative).find(([, schema]) => schema.const !== undefined);
    return [String(choice?.[1].const), alternative];
  });
}

/** The description of a setting, whether it is required or secret, and its default. */
export function fullDescription(schema: SettingSchema, required: boolean): string {
  const { description = "", secret = false, note = "", unset } = schema;
  const status = secret
    ? `Secret${required ? ", required" : ""}`
    : required
      ? "Required"
      : (ownDefault(schema) ?? (unset === undefined ? undefined : `Default: ${unset}`));
  return status === undefined ? description : `${description} ${status}${note}.`;
}

/** The default of a setting, if it is a single word or number. */
function ownDefault(schema: SettingSchema): string | undefined {
  const [[, value] = [], ...others] = leaves(schema.default, { lists: true });
  if ((typeof value !== "string" && typeof value !== "number") || others.length > 0) {
    return undefined;
  }
  return `Default ${/^\d+$/.test(String(value)) ? value : `\`${value}\``}`;
}
