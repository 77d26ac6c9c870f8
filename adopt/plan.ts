import {
  componentTypes,
  credentialChildren,
  programNames,
  providerChildren,
  resourceTypes,
} from "../components/names.ts";
import type { ReleasePlace } from "./cluster/deployedRevision.ts";
import type { Translation } from "./file/translate.ts";
import type { ValueMap } from "../lib/json.ts";
import type { PulumiCommand } from "./pulumi.ts";
import { shell } from "../lib/shell.ts";
import { ownName } from "../lib/stackFile.ts";

/** A stack and its project. */
export interface StackIdentity {
  readonly project: string;
  readonly stack: string;
}

/** A component of the program: a resource without an object in the cluster or at a DNS provider. */
interface Component {
  readonly name: string;
  readonly type: string;
}

/** A resource to import, in the form of Pulumi's import file (https://www.pulumi.com/docs/iac/guides/migration/import). */
export interface ImportedResource {
  readonly type: string;
  readonly name: string;
  readonly id: string;
  readonly parent: Component;
}

/** The program's resources that already exist; undefined where one is missing. */
export interface ImportSources {
  /** Name of the Secret with the wallet. */
  readonly wallet?: string | undefined;
  /** Name of the Secret with the DNS credential. */
  readonly dnsCredential?: string | undefined;
  /** What identifies the credentials that the stack created, and their DNS provider. */
  readonly maker?: CredentialMaker | undefined;
}

/** The creator of a DNS credential. */
export interface CredentialMaker {
  readonly dnsProvider: keyof typeof credentialComponents;
  /** The random part of the name, in hex digits. */
  readonly suffix: string;
}

const providerComponent: Component = {
  name: programNames.provider,
  type: componentTypes.provider,
};
const credentialComponents = {
  googleCloud: { name: programNames.credential, type: componentTypes.googleCloud },
  cloudflare: { name: programNames.credential, type: componentTypes.cloudflare },
} as const satisfies Record<string, Component>;
const clusterProvider: Component = {
  name: programNames.cluster,
  type: resourceTypes.kubernetesProvider,
};

/** The command that creates the stack. */
export function initCommand({ stack }: StackIdentity): PulumiCommand {
  return { args: ["stack", "init", stack, "--no-select"], stack };
}

/** The plain text settings of the stack's file, by setting. */
export function settingsInClear({ settings, values }: Translation): ValueMap {
  return Object.keys(values).length === 0 ? settings : { ...settings, values };
}

/** The commands that write the secret settings, which Pulumi reads from standard input. */
export function secretCommands(
  { stack }: StackIdentity,
  { secrets }: Translation,
): readonly PulumiCommand[] {
  return Object.entries(secrets).map(([path, text]) => ({
    args: ["config", "set", "-s", stack, "--path", "--secret", path],
    stack,
    shown: shell`pulumi config set -s ${stack} --path --secret ${path} < … (from the file)`,
    // Pulumi removes one line break at the end, and an adopted Secret must keep its own.
    stdin: `${text}\n`,
  }));
}

/** The program's resources for the objects that already exist; the Helm release is the last. */
export function importedResources(
  { namespace, releaseName }: ReleasePlace,
  { wallet, dnsCredential, maker }: ImportSources,
): ImportedResource[] {
  const parent = providerComponent;
  const children = providerChildren(parent.name);
  const secret = (name: string, id: string | undefined) =>
    id === undefined
      ? []
      : [{ type: resourceTypes.secret, name, id: `${namespace}/${id}`, parent }];
  return [
    {
      type: resourceTypes.namespace,
      name: children.namespace,
      id: namespace,
      parent,
    },
    ...secret(children.wallet, wallet),
    ...secret(children.dnsCredential, dnsCredential),
    ...(maker === undefined ? [] : [importedSuffix(maker)]),
    {
      type: resourceTypes.release,
      name: children.release,
      id: `${namespace}/${releaseName}`,
      parent,
    },
  ];
}

/** With the same suffix as before, the stack finds the credentials that it created, and deletes those not in use. */
function importedSuffix({ dnsProvider, suffix }: CredentialMaker): ImportedResource {
  const parent = credentialComponents[dnsProvider];
  return {
    type: resourceTypes.randomId,
    name: credentialChildren(parent.name).suffix,
    id: Buffer.from(suffix, "hex").toString("base64url"),
    parent,
  };
}

/** The URN of a resource to import. */
export function urnOf(identity: StackIdentity, { type, name, parent }: ImportedResource): string {
  return `${prefix(identity)}${parent.type}$${type}::${name}`;
}

/**
 * The command that creates the parents of the imported resources: the components, and the cluster's provider with the
 * program's settings. It creates nothing in the cluster, but the program checks its settings.
 */
export function parentsCommand(
  identity: StackIdentity,
  resources: readonly ImportedResource[],
): PulumiCommand {
  const { stack } = identity;
  const targets = Object.values(nameTable(identity, resources)).flatMap((urn) => ["--target", urn]);
  return { args: ["up", "-s", stack, "--yes", "--skip-preview", ...targets], stack };
}

/**
 * The command that imports.
 *
 * The imported resources stay protected: until the first `up`, a `destroy` would delete the namespace with everything in it.
 * The program does not protect resources, so the first `up` removes the protection.
 */
export function importCommand({ stack }: StackIdentity, file: string): PulumiCommand {
  return {
    args: ["import", "-s", stack, "--file", file, "--generate-code=false", "--yes"],
    stack,
  };
}

/** The import file's content. */
export function importFile(
  identity: StackIdentity,
  resources: readonly ImportedResource[],
): object {
  return {
    nameTable: nameTable(identity, resources),
    resources: resources.map(({ parent, ...resource }) => ({
      ...resource,
      parent: parent.name,
      ...(parent === providerComponent && { provider: clusterProvider.name }),
    })),
  };
}

/** The command that shows what the next `up` changes. */
export function previewCommand({ stack }: StackIdentity): PulumiCommand {
  return { args: ["preview", "-s", stack, "--diff"], stack };
}

function nameTable(
  identity: StackIdentity,
  resources: readonly ImportedResource[],
): Readonly<Record<string, string>> {
  const parents = new Set([...resources.map(({ parent }) => parent), clusterProvider]);
  return Object.fromEntries(
    [...parents].map(({ name, type }) => [name, `${prefix(identity)}${type}::${name}`]),
  );
}

function prefix({ project, stack }: StackIdentity): string {
  return `urn:pulumi:${ownName(stack)}::${project}::`;
}
