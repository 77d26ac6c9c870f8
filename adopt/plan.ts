import type { ReleasePlace } from "./cluster.ts";
import type { PulumiCommand } from "./pulumi.ts";
import { ownName } from "./stackFile.ts";
import type { Translation } from "./translate.ts";

/** Which stack of which project. */
export interface StackIdentity {
  readonly project: string;
  readonly stack: string;
}

/** A resource to import, as Pulumi's import file names it (https://www.pulumi.com/docs/iac/guides/migration/import). */
export interface ImportedResource {
  readonly type: string;
  readonly name: string;
  readonly id: string;
}

const componentType = "akash:provider:AkashProvider";
const providerType = "pulumi:providers:kubernetes";
/** Names in the program: index.ts, and components/cluster.ts. */
const componentName = "provider";
const providerName = "cluster";

/** The commands that write the settings. The secrets reach Pulumi through standard input. */
export function settingCommands(
  { project, stack }: StackIdentity,
  { settings, secrets, values }: Translation,
): PulumiCommand[] {
  const all = Object.keys(values).length === 0 ? settings : { ...settings, values };
  const json = Object.fromEntries(
    Object.entries(all).map(([name, value]) => [`${project}:${name}`, configValue(value)]),
  );
  return [
    {
      args: ["config", "set-all", "-s", stack, "--json", JSON.stringify(json)],
      shown: `pulumi config set-all -s ${stack} --json … (the settings above)`,
    },
    ...Object.entries(secrets).map(([path, text]) => ({
      args: ["config", "set", "-s", stack, "--path", "--secret", path],
      shown: `pulumi config set -s ${stack} --path --secret ${path} < … (from the file)`,
      // Pulumi takes one line break off the end, and an adopted Secret must keep its own.
      stdin: `${text}\n`,
    })),
  ];
}

/** A value in the form of `pulumi config --json`, which keeps types, as `--path` does not. */
function configValue(value: unknown): object {
  return typeof value === "string"
    ? { value, secret: false }
    : { value: JSON.stringify(value), objectValue: value, secret: false };
}

/** The resources that the program has for what is in the cluster already. */
export function importedResources(
  { namespace, releaseName }: ReleasePlace,
  secrets: { readonly wallet?: string | undefined; readonly dnsCredential?: string | undefined },
): ImportedResource[] {
  const secret = (name: string, id: string | undefined) =>
    id === undefined ? [] : [{ type: "kubernetes:core/v1:Secret", name, id: `${namespace}/${id}` }];
  return [
    { type: "kubernetes:core/v1:Namespace", name: `${componentName}-namespace`, id: namespace },
    ...secret(`${componentName}-wallet`, secrets.wallet),
    ...secret(`${componentName}-dns-credential`, secrets.dnsCredential),
    {
      type: "kubernetes:helm.sh/v3:Release",
      name: `${componentName}-release`,
      id: `${namespace}/${releaseName}`,
    },
  ];
}

/** The URN of a resource of the component. */
export function urnOf(identity: StackIdentity, { type, name }: ImportedResource): string {
  return `${prefix(identity)}${componentType}$${type}::${name}`;
}

/** The URN of the Helm release. */
export function releaseUrn(identity: StackIdentity): string {
  return urnOf(identity, {
    type: "kubernetes:helm.sh/v3:Release",
    name: `${componentName}-release`,
    id: "",
  });
}

/**
 * The command that makes the parents of what is imported: the component, and the cluster's provider with the settings
 * that the program gives it. Nothing of it is in the cluster.
 */
export function parentsCommand(identity: StackIdentity): PulumiCommand {
  const targets = Object.values(parents(identity)).flatMap((urn) => ["--target", urn]);
  return { args: ["up", "-s", identity.stack, "--yes", "--skip-preview", ...targets] };
}

/**
 * The command that imports.
 *
 * It leaves what it imports protected: until the first `up`, a `destroy` would take the namespace with all that is in it.
 * The program, which protects nothing, lifts that with the first `up`.
 */
export function importCommand({ stack }: StackIdentity, file: string): PulumiCommand {
  return {
    args: ["import", "-s", stack, "--file", file, "--generate-code=false", "--yes"],
  };
}

/** The import file's content. */
export function importFile(
  identity: StackIdentity,
  resources: readonly ImportedResource[],
): object {
  return {
    nameTable: parents(identity),
    resources: resources.map((resource) => ({
      ...resource,
      parent: componentName,
      provider: providerName,
    })),
  };
}

/** The command that shows what the next `up` changes. */
export function previewCommand({ stack }: StackIdentity): PulumiCommand {
  return { args: ["preview", "-s", stack, "--diff"] };
}

function parents(identity: StackIdentity): Readonly<Record<string, string>> {
  return {
    [componentName]: `${prefix(identity)}${componentType}::${componentName}`,
    [providerName]: `${prefix(identity)}${providerType}::${providerName}`,
  };
}

function prefix({ project, stack }: StackIdentity): string {
  return `urn:pulumi:${ownName(stack)}::${project}::`;
}
