import { holdsSecret, isStructured } from "../../config/options.ts";
import { settings, type SettingName } from "../../config/settings.ts";
import { readProject } from "../../lib/stackFile.ts";
import {
  fullDescription,
  propertiesOf,
  settingSchemas,
  type SettingSchema,
} from "./settingSchemas.ts";

/** A part of the schema. */
type Schema = Readonly<Record<string, unknown>>;

const encrypted = { $ref: "#/definitions/encrypted" };

/**
 * The JSON schema of the stacks' files, for editors: Pulumi's format of such a file, and the settings in it. It
 * accepts everything that Pulumi and the program accept. The program checks what a schema cannot express, such as
 * whether settings are compatible.
 */
export function stackFileSchema(): Schema {
  const project = readProject(".").name;
  const own = propertiesOf(settingSchemas());
  // Manually written settings have no project prefix; Pulumi adds the prefix.
  const config = [
    ...own.map(([name, schema, required]) => [
      name,
      settingInFile(name as SettingName, schema, required),
    ]),
    ...own.map(([name]) => [
      `${project}:${name}`,
      { $ref: `#/properties/config/properties/${name}` },
    ]),
  ];
  return {
    $schema: "http://json-schema.org/draft-07/schema#",
    title: "Stack of an Akash provider with a Let's Encrypt certificate",
    type: "object",
    properties: {
      config: {
        description: "Settings of the stack.",
        type: "object",
        properties: Object.fromEntries(config) as Schema,
        // The plugins' own settings, such as gcp:project.
        patternProperties: { [`^(?!${project}:)[^:]+:.+$`]: {} },
        additionalProperties: false,
      },
      environment: {
        description: "Environments of Pulumi ESC.",
        anyOf: [{ type: "array" }, { type: "object" }],
      },
      secretsprovider: { description: "What encrypts the secrets.", type: "string" },
      encryptedkey: {
        description: "Key to the secrets, encrypted by a cloud's key service.",
        type: "string",
      },
      encryptionsalt: {
        description: "What the key to the secrets is made from, with the passphrase.",
        type: "string",
      },
    },
    additionalProperties: false,
    definitions: {
      encrypted: {
        description: "A secret, as `pulumi config set --secret` writes it.",
        type: "object",
        properties: { secure: { type: "string", minLength: 1 } },
        required: ["secure"],
        additionalProperties: false,
      },
    },
  };
}

function settingInFile(name: SettingName, schema: SettingSchema, required: boolean): Schema {
  const own = inFile(schema, required, holdsSecret(name));
  if (holdsSecret(name)) {
    return schema.secret === true ? own : alsoAs(own, [encrypted]);
  }
  return isStructured(name) ? own : alsoAs(own, unquotedForms(name));
}

/** The schema of a setting, or of a part of it, in the vocabulary that editors support. */
function inFile(schema: SettingSchema, required: boolean, secretsAreKept: boolean): Schema {
  const description =
    schema.const === undefined ? fullDescription(schema, required) : schema.description;
  const told = description === undefined || description === "" ? {} : { description };
  if (schema.secret === true) {
    return { ...told, allOf: [encrypted] };
  }
  const { note: _note, unset: _unset, propertyNames, properties, items, oneOf, ...form } = schema;
  const option = ([name, property, isRequired]: [string, SettingSchema, boolean]) => {
    const own = inFile(property, isRequired, false);
    const mayBeEncrypted =
      secretsAreKept && property.const === undefined && property.secret !== true;
    return [name, mayBeEncrypted ? alsoAs(own, [encrypted]) : own] as const;
  };
  return {
    ...form,
    ...told,
    // For Pulumi, a map with only this entry is a secret.
    ...(propertyNames !== undefined && { not: encrypted }),
    ...(properties !== undefined && {
      properties: Object.fromEntries(propertiesOf(schema).map(option)),
    }),
    ...(items !== undefined && { items: inFile(items as SettingSchema, false, false) }),
    ...(oneOf !== undefined && {
      oneOf: oneOf.map((one) => inFile(one as SettingSchema, false, secretsAreKept)),
    }),
  };
}

/**
 * Booleans and numbers, which Pulumi converts to text: each with texts that show whether a setting accepts them,
 * the most general ones first.
 */
const unquoted: readonly (readonly (readonly [Schema, readonly string[]])[])[] = [
  [[{ type: "boolean" }, ["true", "false"]]],
  [
    [{ type: "number" }, ["-1", "0", "0.5", "7"]],
    [{ type: "integer", minimum: 1 }, ["1", "600"]],
  ],
];

function unquotedForms(name: SettingName): readonly Schema[] {
  const isTaken = (text: string) => settings[name].safeParse(text).success;
  return unquoted.flatMap((kind) => {
    const [form] = kind.find(([, texts]) => texts.every(isTaken)) ?? [];
    return form === undefined ? [] : [form];
  });
}

/** The schema for a value that also has other forms. */
function alsoAs(schema: Schema, others: readonly Schema[]): Schema {
  if (others.length === 0) {
    return schema;
  }
  const about = ["description", "default", "examples"];
  const part = (wanted: boolean) =>
    Object.fromEntries(Object.entries(schema).filter(([key]) => about.includes(key) === wanted));
  const { anyOf, ...form } = part(false);
  return {
    ...part(true),
    anyOf: [...(Array.isArray(anyOf) ? (anyOf as Schema[]) : [form]), ...others],
  };
}
