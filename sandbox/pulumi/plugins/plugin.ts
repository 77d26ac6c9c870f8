import type { Bridge } from "./bridge.ts";
import type { Properties } from "./values.ts";

/** What is to be known of one property of a resource; the counterpart of an entry of a Terraform schema. */
export interface Property {
  /** An input without which there is no resource. */
  readonly required?: true;
  /** The value of an input that the program does not set. */
  readonly default?: unknown;
  /** An input that keeps what the cloud has while the program does not set it. */
  readonly computed?: true;
  /** A change of it makes a new resource ("ForceNew"). */
  readonly replaces?: true;
  /** Not an input at all: the cloud says what it is. */
  readonly output?: true;
  /** Encrypted in the state. */
  readonly secret?: true;
  /** Unknown in the preview of any update ("computed" without "UseStateForUnknown"). */
  readonly unsettled?: true;
  /** What is wrong with a value, or undefined. */
  check?(value: unknown): string | undefined;
  /** Whether two different values mean the same. @default they never do */
  same?(old: unknown, wanted: unknown): boolean;
}

/** A resource as the cloud has it. */
export interface Found {
  readonly id: string;
  readonly outputs: Properties;
}

/** What an input can be completed from when it is checked. */
export interface Naming {
  /** Name of the resource in the program. */
  readonly name: string;
  /** The inputs that the resource was made with, where there is one already. */
  readonly olds: Properties;
}

/** One type of resource: its properties, and what each operation asks of the cloud. */
export interface Resource<Cloud> {
  readonly properties: Readonly<Record<string, Property>>;
  /** Set where the id alone does not say enough to import the resource. */
  readonly noImport?: true;
  /** Whether a replacement waits for the old one to be deleted. @default false */
  deleteBeforeReplace?(olds: Properties, news: Properties): boolean;
  /** Sets what the program left out and only the configuration or the name can say. */
  complete?(cloud: Cloud, inputs: Properties, naming: Naming): Properties;
  /** What is wrong with the inputs as a whole, or undefined. */
  checkAll?(inputs: Properties): string | undefined;
  /** Outputs that follow from the inputs, so that a preview knows them. */
  foresee?(inputs: Properties): Properties;
  /**
   * Makes the resource.
   *
   * @param made To be called as soon as the cloud has it: what fails from then on leaves a resource that is known.
   */
  create(cloud: Cloud, inputs: Properties, made: (found: Found) => void): Promise<Found>;
  /** Asks the cloud; undefined says that the resource is gone. `state` is empty for an import. */
  read(cloud: Cloud, id: string, state: Properties): Promise<Found | undefined>;
  /** Changes the resource in place. @default only reads it: nothing that can change is the cloud's */
  update?(cloud: Cloud, id: string, state: Properties, inputs: Properties): Promise<Properties>;
  delete(cloud: Cloud, id: string, state: Properties): Promise<void>;
}

/** A function that programs can call. */
export type PluginFunction<Cloud> = (cloud: Cloud, args: Properties) => Promise<Properties>;

/** One setting of a provider. */
export interface Setting {
  /** Environment variables that give it where the program does not, first one first. */
  readonly environment: readonly string[];
  /** Inputs of the provider of which any keeps the environment from counting. @default none */
  readonly unlessGiven?: readonly string[];
  /** What is wrong with a value, or undefined. */
  check?(value: string): string | undefined;
}

/** The settings of a provider that have a value. */
export type Settings = Readonly<Record<string, string>>;

/** A resource plugin. */
export interface Plugin<Cloud> {
  /** Its name, as in `pulumi-resource-<name>`. */
  readonly name: string;
  readonly settings: Readonly<Record<string, Setting>>;
  /** How it tells what fails. */
  readonly bridge: Bridge;
  /** What it warns of when its configuration is checked, or undefined. */
  warn?(settings: Settings): string | undefined;
  /**
   * Makes the client from the settings. Calls nothing.
   *
   * @throws when they are wrong, which ends the run
   */
  connect(settings: Settings): Cloud;
  /** By type token. */
  readonly resources: Readonly<Record<string, Resource<Cloud>>>;
  /** By token. */
  readonly functions: Readonly<Record<string, PluginFunction<Cloud>>>;
}
