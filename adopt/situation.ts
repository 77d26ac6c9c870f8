import type { V1Secret } from "@kubernetes/client-node";
import { defaultNamespace, defaultReleaseName, type ReleaseNames } from "../chart/release.ts";
import { aliases } from "../config/kubernetesPlugin.ts";
import { ownerAnnotation } from "../components/owner.ts";
import type { HelmRecord } from "../lib/helmRecord.ts";
import type { ClusterChoice } from "../lib/kubeconfig.ts";
import { encryptedKubeconfig, kubeconfigSetting } from "../lib/pulumi.ts";
import type { Arguments } from "./arguments.ts";
import type { ReleasePlace } from "./cluster/deployedRevision.ts";
import type { Difference } from "./cluster/differences.ts";
import { RunningProvider } from "./cluster/runningProvider.ts";
import type { Translation } from "./file/translate.ts";
import type { CredentialMaker, StackIdentity } from "./plan.ts";
import type { Pulumi, StackState } from "./pulumi.ts";
import { shell } from "../lib/shell.ts";
import { ownName, readProject } from "../lib/stackFile.ts";
import { readStackFile, type StackFile } from "./stackFile.ts";

/** What is known before the settings are. */
export interface Situation {
  /** The project's folder. */
  readonly directory: string;
  /** Where the project has its stacks' files, relative to it. */
  readonly stackFolder: string;
  readonly identity: StackIdentity;
  readonly existing: StackFile;
  readonly state: StackState;
  readonly place: ReleasePlace;
  readonly provider: RunningProvider;
  /** The deployed revision. */
  readonly release: HelmRecord;
}

/** What a source of the settings makes of the situation. */
export interface Discovery {
  readonly names: ReleaseNames;
  readonly translation: Translation;
  /** The release's Secrets that the program takes over, by name. */
  readonly live: ReadonlyMap<string, V1Secret>;
  readonly differences: readonly Difference[];
  /** The chart version that the next `up` deploys. */
  readonly nextChart: string;
  /** Whether the provider is the stack's already, which has lost its state. */
  readonly recovers: boolean;
  /** Who made the DNS credential, where the stack did. */
  readonly maker?: CredentialMaker | undefined;
}

/** The project, as its commands find it. */
export interface Project {
  /** Its folder. */
  readonly directory: string;
  readonly pulumi: Pulumi;
}

/**
 * Looks at the stack and at the cluster.
 *
 * @throws UserError where there is no deployed release
 */
export async function situationOf(
  { stack, namespace, releaseName }: Arguments,
  { directory, pulumi }: Project,
): Promise<Situation> {
  const { name: project, stackConfigDir: stackFolder } = readProject(directory);
  const existing = readStackFile(directory, stack);
  const place = {
    namespace: namespace ?? settingText(existing, "namespace") ?? defaultPlace.namespace,
    releaseName: releaseName ?? settingText(existing, "releaseName") ?? defaultPlace.releaseName,
  };
  const provider = await RunningProvider.connect(
    await clusterOf(existing, stack, directory),
    place,
  );
  const release = await provider.deployedRevision();
  const state = await pulumi.state(stack);
  const identity = { project, stack };
  return { directory, stackFolder, identity, existing, state, place, provider, release };
}

/** As in Akash's guides, and as the stack has it without a setting. */
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

/** The stack that a provider belongs to, by its wallet's Secret, if it belongs to one. */
export function ownerOf(wallet: V1Secret | undefined): string | undefined {
  return wallet?.metadata?.annotations?.[ownerAnnotation];
}

/** A stack as {@link ownerOf} names it. */
export function ownStack({ project, stack }: StackIdentity): string {
  return `${project}/${ownName(stack)}`;
}

/** The cluster that the stack's plugin and hooks look at. */
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

/** A setting of the stack's file, where that is text in clear, under this name or the Kubernetes plugin's for it. */
export function settingText({ settings, kubernetes }: StackFile, name: string): string | undefined {
  const [alias = ""] = Object.entries(aliases).find(([, setting]) => setting === name) ?? [];
  return textOf(settings[name]) ?? textOf(kubernetes?.[alias]);
}

function textOf(value: unknown): string | undefined {
  return typeof value === "string" ? value : undefined;
}
