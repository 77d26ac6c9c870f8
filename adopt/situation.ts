import type { V1Secret } from "@kubernetes/client-node";
import { defaultNamespace, defaultReleaseName, type ReleaseNames } from "../chart/release.ts";
import { aliases } from "../config/kubernetesPlugin.ts";
import { ownerAnnotation } from "../components/owner.ts";
import { UserError } from "../lib/errors.ts";
import type { HelmRecord } from "../lib/helmRecord.ts";
import type { ClusterChoice } from "../lib/kubeconfig.ts";
import { encryptedKubeconfig, kubeconfigSetting } from "../lib/pulumi.ts";
import type { Arguments } from "./arguments.ts";
import type { ReleasePlace } from "./cluster/deployedRevision.ts";
import type { Difference } from "./cluster/differences.ts";
import { RunningProvider } from "./cluster/runningProvider.ts";
import type { Translation } from "./file/translate.ts";
import type { Accepted } from "./file/validate.ts";
import type { RepeatedKey } from "./file/valuesTree.ts";
import type { CredentialMaker, StackIdentity } from "./plan.ts";
import type { Pulumi, StackState } from "./pulumi.ts";
import { configuredByPulumi, readStackFile, type StackFile } from "./stackFile.ts";
import { shell } from "../lib/shell.ts";
import { ownName, readProject } from "../lib/stackFile.ts";

/** The facts that are known before the settings. */
export interface Situation {
  /** The project's folder. */
  readonly directory: string;
  /** The folder of the stacks' files, relative to the project. */
  readonly stackFolder: string;
  readonly identity: StackIdentity;
  readonly existing: StackFile;
  readonly state: StackState;
  readonly place: ReleasePlace;
  readonly provider: RunningProvider;
  /** The deployed revision. */
  readonly release: HelmRecord;
}

/** The result of reading the settings from one of their sources. */
export interface Discovery {
  readonly names: ReleaseNames;
  readonly translation: Translation;
  /** The release's Secrets that the program takes over, by name. */
  readonly live: ReadonlyMap<string, V1Secret>;
  readonly differences: readonly Difference[];
  /** Paths of the values that are taken from the release, since the file does not contain them. Default: none. */
  readonly taken?: readonly string[];
  /** Values that a new stack would refuse, and that the provider runs with. Default: none. */
  readonly accepted?: readonly Accepted[];
  /** Keys that occur more than once in the file. Default: none. */
  readonly repeated?: readonly RepeatedKey[];
  /** Further warnings for the operator. Default: none. */
  readonly warnings?: readonly string[];
  /** The chart version that the next `up` deploys. */
  readonly nextChart: string;
  /** Whether the provider already belongs to the stack, which has lost its state. */
  readonly recovers: boolean;
  /** The creator of the DNS credential, where the stack created it. */
  readonly maker?: CredentialMaker | undefined;
}

/** The project of a command. */
export interface Project {
  /** The project's folder. */
  readonly directory: string;
  readonly pulumi: Pulumi;
}

/**
 * Reads the stack and the cluster.
 *
 * @throws UserError where there is no deployed release
 */
export async function situationOf(
  { stack, namespace, releaseName }: Arguments,
  { directory, pulumi }: Project,
): Promise<Situation> {
  const { name: project, stackConfigDir: stackFolder } = readProject(directory);
  const state = await pulumi.state(stack);
  const existing = await stackConfiguration(stack, project, state, { directory, pulumi });
  const place = {
    namespace: namespace ?? settingText(existing, "namespace") ?? defaultPlace.namespace,
    releaseName: releaseName ?? settingText(existing, "releaseName") ?? defaultPlace.releaseName,
  };
  const provider = await RunningProvider.connect(
    await clusterOf(existing, stack, directory),
    place,
  );
  const release = await provider.deployedRevision();
  const identity = { project, stack };
  return { directory, stackFolder, identity, existing, state, place, provider, release };
}

/** The stack's configuration: from Pulumi where the stack exists, else from the file. */
async function stackConfiguration(
  stack: string,
  project: string,
  state: StackState,
  { directory, pulumi }: Project,
): Promise<StackFile> {
  const file = readStackFile(directory, stack);
  if (state === undefined) {
    return file;
  }
  try {
    return configuredByPulumi(project, await pulumi.configuration(stack), file) ?? file;
  } catch (error) {
    // Such as a missing passphrase, which a dry run does not need. Only Pulumi can read an environment.
    if (file.hasEnvironment !== true && error instanceof UserError) {
      return file;
    }
    throw error;
  }
}

/** The place in Akash's guides, and of a stack without settings for it. */
const defaultPlace: ReleasePlace = {
  namespace: defaultNamespace,
  releaseName: defaultReleaseName,
};

/** The settings for a place that is not the default. */
export function placeSettings(place: ReleasePlace): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries(place).filter(
      ([name, value]) => value !== defaultPlace[name as keyof ReleasePlace],
    ),
  );
}

/** The stack that a provider belongs to, by its wallet's Secret; undefined without one. */
export function ownerOf(wallet: V1Secret | undefined): string | undefined {
  return wallet?.metadata?.annotations?.[ownerAnnotation];
}

/** A stack as {@link ownerOf} names it. */
export function ownStack({ project, stack }: StackIdentity): string {
  return `${project}/${ownName(stack)}`;
}

/** The cluster that the stack's plugin and hooks use. */
async function clusterOf(
  existing: StackFile,
  stack: string,
  directory: string,
): Promise<ClusterChoice> {
  const { kubeconfig } = existing.kubernetes ?? {};
  const without = `Or name the kubeconfig by its path: ${shell`pulumi config set -s ${stack} ${kubeconfigSetting} 'FILE'`}`;
  return {
    context: settingText(existing, "kubeContext"),
    kubeconfig:
      typeof kubeconfig === "object"
        ? await encryptedKubeconfig(stack, directory, without)
        : textOf(kubeconfig),
    stack,
  };
}

/** A setting of the stack's file that is plain text, under this name or the Kubernetes plugin's name for it. */
export function settingText({ settings, kubernetes }: StackFile, name: string): string | undefined {
  const [alias = ""] = Object.entries(aliases).find(([, setting]) => setting === name) ?? [];
  return textOf(settings[name]) ?? textOf(kubernetes?.[alias]);
}

function textOf(value: unknown): string | undefined {
  return typeof value === "string" ? value : undefined;
}
