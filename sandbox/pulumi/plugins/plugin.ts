import type { Bridge } from "./bridge.ts";
import type { Properties } from "./values.ts";

/** The description of a resource's property; the counterpart of an entry in a Terraform schema. */
export interface Property {
  /** A required input. */
  readonly required?: true;
  /** The default of an input. */
  readonly default?: unknown;
  /** An input that keeps the API's value if the program does not set it. */
  readonly computed?: true;
  /** A change replaces the resource ("ForceNew"). */
  readonly replaces?: true;
  /** Not an input: the API sets the value. */
  readonly output?: true;
  /** Encrypted in the state. */
  readonly secret?: true;
  /** Unknown in the preview of any update ("computed" without "UseStateForUnknown"). */
  readonly unsettled?: true;
  /** The error for an invalid value, or undefined. */
  check?(value: unknown): string | undefined;
  /** Whether two different values have the same meaning. @default they never do */
  same?(old: unknown, wanted: unknown): boolean;
}

/** A resource as the API returns it. */
export interface Found {
  readonly id: string;
  readonly outputs: Properties;
}

/** The sources from which a check completes an input. */
export interface Naming {
  /** Name of the resource in the program. */
  readonly name: string;
  /** The inputs of the existing resource, if there is one. */
  readonly olds: Properties;
}

/** One type of resource: its properties, and the calls of each operation. */
export interface Resource<Cloud> {
  readonly properties: Readonly<Record<string, Property>>;
  /** Set if the id is not sufficient to import the resource. */
  readonly noImport?: true;
  /** Whether a replacement deletes the old resource first. @default false */
  deleteBeforeReplace?(olds: Properties, news: Properties): boolean;
  /** Sets missing inputs that come from the configuration or the name. */
  complete?(cloud: Cloud, inputs: Properties, naming: Naming): Properties;
  /** The error for the inputs as a whole, or undefined. */
  checkAll?(inputs: Properties): string | undefined;
  /** Outputs that follow from the inputs, so that a preview contains them. */
  foresee?(inputs: Properties): Properties;
  /**
   * Creates the resource.
   *
   * @param made Call it as soon as the API has created the resource: a later failure leaves a resource in the
   * state.
   */
  create(cloud: Cloud, inputs: Properties, made: (found: Found) => void): Promise<Found>;
  /** Reads the resource; undefined if it is missing. `state` is empty for an import. */
  read(cloud: Cloud, id: string, state: Properties): Promise<Found | undefined>;
  /** Updates the resource. @default only reads it: no changeable property is stored by the API */
  update?(cloud: Cloud, id: string, state: Properties, inputs: Properties): Promise<Properties>;
  delete(cloud: Cloud, id: string, state: Properties): Promise<void>;
}

/** A function that programs can call. */
export type PluginFunction<Cloud> = (cloud: Cloud, args: Properties) => Promise<Properties>;

/** One setting of a provider. */
export interface Setting {
  /** Environment variables that are used if the program does not set it, in order of precedence. */
  readonly environment: readonly string[];
  /** Inputs of the provider that disable the environment variables. @default none */
  readonly unlessGiven?: readonly string[];
  /** The error for an invalid value, or undefined. */
  check?(value: string): string | undefined;
}

/** The provider's settings that have a value. */
export type Settings = Readonly<Record<string, string>>;

/** A resource plugin. */
export interface Plugin<Cloud> {
  /** Its name, as in `pulumi-resource-<name>`. */
  readonly name: string;
  readonly settings: Readonly<Record<string, Setting>>;
  /** The format of its errors. */
  readonly bridge: Bridge;
  /** The warning at the check of its configuration, or undefined. */
  warn?(settings: Settings): string | undefined;
  /**
   * Creates the client from the settings, without calls.
   *
   * @throws when the settings are invalid, which ends the run
   */
  connect(settings: Settings): Cloud;
  /** By type token. */
  readonly resources: Readonly<Record<string, Resource<Cloud>>>;
  /** By token. */
  readonly functions: Readonly<Record<string, PluginFunction<Cloud>>>;
}
