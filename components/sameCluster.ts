import type { CoreV1Api } from "@kubernetes/client-node";
import * as pulumi from "@pulumi/pulumi";
import { defaultNamespace, defaultReleaseName, releaseNames } from "../chart/release.ts";
import { messageOf, UserError } from "../lib/errors.ts";
import { connectionTo, isPath, type ClusterChoice, type Connection } from "../lib/kubeconfig.ts";
import { coreApi, unlessMissing } from "../lib/kubernetesApi.ts";
import { kubeconfigSetting } from "../lib/pulumi.ts";
import { owner, ownerAnnotation } from "./owner.ts";
import { resolved } from "./resolved.ts";
import { shell, verbatim, type ShellText } from "../lib/shell.ts";
import { resourceHook } from "./hook.ts";

/** The place of a stack's provider in its cluster, by the arguments of AkashProvider. */
export interface ProviderPlace {
  /** Default `akash-services`. */
  readonly namespace?: string | undefined;
  /** Default `akash-provider`. */
  readonly releaseName?: string | undefined;
  /** Chart values, for the overrides of names. */
  readonly values?: Readonly<Record<string, unknown>> | undefined;
  /** The setting of the context, for commands. Default `kubeContext`. */
  readonly contextSetting?: string | undefined;
}

/**
 * A hook before a change of a cluster's Kubernetes provider, also in a preview. It refuses any cluster but the one with the
 * stack's provider: in another cluster, the plugin would find none of the resources and create them a second time, with the
 * same wallet, while the first provider keeps running.
 *
 * @param name the hook's name
 * @param place the place of the stack's provider
 */
export function sameClusterHook(name: string, place: ProviderPlace): pulumi.ResourceHook {
  return resourceHook(
    name,
    async ({ oldInputs, newInputs }) => {
      const before = await choiceOf(oldInputs);
      const now = await choiceOf(newInputs);
      if (before.context !== now.context || before.kubeconfig !== now.kubeconfig) {
        await refuseOtherCluster(before, now, place);
      }
    },
    { onDryRun: true },
  );
}

/**
 * A hook before the creation of the wallet's Secret, also in a preview. It refuses a move of the stack's provider to another
 * namespace by a setting that had no effect before.
 *
 * @param name the hook's name
 * @param cluster the Secret's cluster
 * @param former the former place of the stack's provider
 * @param setting the setting of the other namespace, for the command that keeps the provider in its place
 */
export function sameNamespaceHook(
  name: string,
  cluster: { readonly coreApi: () => Promise<CoreV1Api> },
  former: ProviderPlace,
  setting: string,
): pulumi.ResourceHook {
  return resourceHook(
    name,
    async () => {
      if (await hasProvider(await cluster.coreApi(), former)) {
        const { releaseName = defaultReleaseName, namespace = defaultNamespace } = former;
        const stack = pulumi.getStack();
        throw new pulumi.RunError(
          `The stack's release ${releaseName} is in namespace ${namespace}, but ${setting}, which had no effect before, names another one. ` +
            `To keep the provider in its namespace: ${shell`pulumi config rm -s ${stack} ${setting}`}. ` +
            `To move the provider, destroy it first (${shell`pulumi destroy -s ${stack} --run-program`})`,
        );
      }
    },
    { onDryRun: true },
  );
}

/** A provider's place in the cluster, from the state. */
export interface KnownPlace {
  readonly namespace: string;
  /** The namespace's uid. */
  readonly uid: string;
  readonly releaseName: string;
  /** Name of the Secret with the wallet. */
  readonly walletSecret: string;
}

/**
 * Refuses a cluster without the namespace whose uid is in the state. This detects a kubeconfig that points to another
 * cluster although no setting of the stack has changed. A cluster to which the provider was restored has the wallet's
 * Secret, whose annotation names the stack.
 *
 * No hook runs with a refresh, which removes missing resources from the state. After that, the check is impossible.
 *
 * @param place the place of the stack's provider
 * @param choice the configured cluster
 * @param api its core API
 * @throws RunError when it is another cluster; an unreadable one is left to the calls that follow
 */
export async function refuseClusterWithout(
  { namespace, uid, releaseName, walletSecret }: KnownPlace,
  choice: ClusterChoice,
  api: () => Promise<CoreV1Api>,
): Promise<void> {
  try {
    const core = await api();
    const [found, wallet] = await Promise.all([
      unlessMissing(core.readNamespace({ name: namespace })),
      unlessMissing(core.readNamespacedSecret({ namespace, name: walletSecret })),
    ]);
    if (
      found?.metadata?.uid === uid ||
      wallet?.metadata?.annotations?.[ownerAnnotation] === owner()
    ) {
      return;
    }
  } catch (error) {
    if (error instanceof UserError) {
      return;
    }
    throw error;
  }
  const stack = pulumi.getStack();
  throw new pulumi.RunError(
    `The stack's release ${releaseName} in namespace ${namespace} is in another cluster than the current one of the kubeconfig, ` +
      `${nameOf(connectionTo(choice))}. Nothing was changed. To continue in the provider's cluster, set its context permanently ` +
      `in the stack: ${shell`pulumi config set -s ${stack} kubeContext 'CONTEXT'`} (kubectl config get-contexts). ` +
      `If the provider is gone, with its cluster or its namespace: ${shell`pulumi refresh -s ${stack} --run-program && pulumi up -s ${stack}`}`,
  );
}

async function choiceOf(inputs: object | undefined): Promise<ClusterChoice> {
  const { context, kubeconfig } = (inputs ?? {}) as {
    readonly context?: pulumi.Input<string>;
    readonly kubeconfig?: pulumi.Input<string>;
  };
  // Hooks receive secrets as Outputs.
  const known = await resolved(pulumi.output({ context, kubeconfig }));
  return { ...known, stack: pulumi.getStack() };
}

/**
 * Refuses a change of the cluster while the stack's provider is in the former one.
 *
 * @param before the former cluster
 * @param now the configured cluster
 * @param place the place of the stack's provider
 * @throws UserError when the configured cluster does not respond
 * @throws RunError when the cluster changes, and the provider is in the former one, or that one is unreadable
 */
export async function refuseOtherCluster(
  before: ClusterChoice,
  now: ClusterChoice,
  place: ProviderPlace,
): Promise<void> {
  const present = connectionTo(now);
  const previous = connectionOrReason(before);
  if (typeof previous !== "string" && isSame(previous, present)) {
    return;
  }
  if (await hasProvider(await coreApi(now), place)) {
    return;
  }
  const found = typeof previous === "string" ? previous : await lookedFor(before, place);
  if (found === false) {
    return;
  }
  const { releaseName = defaultReleaseName, namespace = defaultNamespace } = place;
  const where =
    found === true
      ? `is in the cluster ${nameOf(previous as Connection)}`
      : `may be in the former cluster, which cannot be read (${found})`;
  throw new pulumi.RunError(
    `The stack's release ${releaseName} in namespace ${namespace} ${where}, but the stack now names another one, ${nameOf(present)}. ` +
      `Nothing was changed. To keep the provider in its cluster: ${keepCommands(before, now, place).join(" && ")}. ` +
      `To move the provider, first set its present cluster again, destroy the provider there (${shell`pulumi destroy -s ${pulumi.getStack()} --run-program`}), and then set the other cluster`,
  );
}

function connectionOrReason(choice: ClusterChoice): Connection | string {
  try {
    return connectionTo(choice);
  } catch (error) {
    return messageOf(error);
  }
}

/** The same server and proxy mean the same cluster, whatever the context's name. */
function isSame(one: Connection, other: Connection): boolean {
  return one.address === other.address && one.proxy === other.proxy;
}

function nameOf({ context, address }: Connection): string {
  return context === undefined ? address : `${context} (${address})`;
}

/** Whether the cluster has the provider, or why the cluster is unreadable. */
async function lookedFor(choice: ClusterChoice, place: ProviderPlace): Promise<boolean | string> {
  try {
    return await hasProvider(await coreApi(choice), place);
  } catch (error) {
    return messageOf(error);
  }
}

/** Whether a cluster has the stack's provider, by the owner annotation of the wallet's Secret. */
async function hasProvider(
  core: CoreV1Api,
  { namespace = defaultNamespace, releaseName = defaultReleaseName, values }: ProviderPlace,
): Promise<boolean> {
  const { walletSecret: name } = releaseNames(releaseName, values);
  const found = await unlessMissing(core.readNamespacedSecret({ namespace, name }));
  return found?.metadata?.annotations?.[ownerAnnotation] === owner();
}

/** The commands that restore the settings of the former cluster. */
function keepCommands(
  before: ClusterChoice,
  now: ClusterChoice,
  { contextSetting = "kubeContext" }: ProviderPlace,
): readonly string[] {
  const config = (verb: "set" | "rm", rest: ShellText) =>
    shell`pulumi config ${verb} -s ${pulumi.getStack()} ${verbatim(rest)}`;
  const { context, kubeconfig } = before;
  return [
    ...(context === now.context
      ? []
      : context === undefined
        ? [config("rm", shell`${contextSetting}`)]
        : [config("set", shell`${contextSetting} ${context}`)]),
    ...(kubeconfig === now.kubeconfig
      ? []
      : kubeconfig === undefined
        ? [config("rm", shell`${kubeconfigSetting}`)]
        : isPath(kubeconfig)
          ? [config("set", shell`${kubeconfigSetting} ${kubeconfig}`)]
          : [config("set", shell`--secret ${kubeconfigSetting} < 'FORMER_KUBECONFIG'`)]),
  ];
}
