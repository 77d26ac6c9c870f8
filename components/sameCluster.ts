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

/** Where a stack's provider is in its cluster, by the arguments of AkashProvider. */
export interface ProviderPlace {
  /** Default `akash-services`. */
  readonly namespace?: string | undefined;
  /** Default `akash-provider`. */
  readonly releaseName?: string | undefined;
  /** Chart values, for the names in them. */
  readonly values?: Readonly<Record<string, unknown>> | undefined;
  /** The setting that names the context, for commands. Default `kubeContext`. */
  readonly contextSetting?: string | undefined;
}

/**
 * A hook for before the Kubernetes provider of a cluster is changed, also in a preview. It refuses another cluster than
 * the one that has the stack's provider: the plugin would look for what is deployed in the other one, find nothing, and
 * make it there a second time, with the same wallet, while the first runs on.
 *
 * @param name the hook's name
 * @param place where the stack's provider is
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
 * A hook for before the wallet's Secret is made, also in a preview. It refuses another namespace than the one that has the
 * stack's provider, where only a setting that had no effect before names it.
 *
 * @param name the hook's name
 * @param cluster where the Secret is made
 * @param former where the stack's provider may be instead
 * @param setting the setting that names the other namespace, for the command that keeps the provider where it is
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
          `The stack's release ${releaseName} is in namespace ${namespace}, and ${setting}, which had no effect before, names another. ` +
            `To keep the provider where it is: ${shell`pulumi config rm -s ${stack} ${setting}`}. ` +
            `To move it, destroy it first (${shell`pulumi destroy -s ${stack} --run-program`})`,
        );
      }
    },
    { onDryRun: true },
  );
}

/** A provider's place in the cluster, as the state knows it. */
export interface KnownPlace {
  readonly namespace: string;
  /** That of the namespace. */
  readonly uid: string;
  readonly releaseName: string;
  /** Name of the Secret with the wallet. */
  readonly walletSecret: string;
}

/**
 * Refuses a cluster that has not the namespace which the state knows by its uid. That is told where no setting of the stack
 * has changed, and its kubeconfig alone leads elsewhere. A cluster that the provider was restored to has its wallet's
 * Secret, which says whose it is.
 *
 * No hook runs with a refresh, which takes what it does not find out of the state: after that nothing tells.
 *
 * @param place where the stack's provider is
 * @param choice which cluster is named
 * @param api its core API
 * @throws RunError when it is another cluster; what cannot be seen is left to the calls that follow
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
    `The stack's release ${releaseName} in namespace ${namespace} is in another cluster than the one that the kubeconfig now names, ` +
      `${nameOf(connectionTo(choice))}. Nothing was changed. To go on where the provider is, name the context of its cluster, ` +
      `which then stays the stack's: ${shell`pulumi config set -s ${stack} kubeContext 'CONTEXT'`} (kubectl config get-contexts). ` +
      `If the provider is gone, with its cluster or its namespace: ${shell`pulumi refresh -s ${stack} --run-program && pulumi up -s ${stack}`}`,
  );
}

async function choiceOf(inputs: object | undefined): Promise<ClusterChoice> {
  const { context, kubeconfig } = (inputs ?? {}) as {
    readonly context?: pulumi.Input<string>;
    readonly kubeconfig?: pulumi.Input<string>;
  };
  // Hooks are given secrets as Outputs.
  const known = await resolved(pulumi.output({ context, kubeconfig }));
  return { ...known, stack: pulumi.getStack() };
}

/**
 * Refuses another cluster in place of the one that has the stack's provider.
 *
 * @param before which cluster was named so far
 * @param now which is named instead
 * @param place where the stack's provider is
 * @throws UserError when the one that is named now does not answer
 * @throws RunError when it is another, and the provider is in the one before, or it cannot be seen that it is not
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
      : `may be in the cluster that was named before, which cannot be seen (${found})`;
  throw new pulumi.RunError(
    `The stack's release ${releaseName} in namespace ${namespace} ${where}, and the stack now names another, ${nameOf(present)}. ` +
      `Nothing was changed. To keep the provider where it is: ${keepCommands(before, now, place).join(" && ")}. ` +
      `To move it, keep it first, destroy it there (${shell`pulumi destroy -s ${pulumi.getStack()} --run-program`}), and name the other cluster then`,
  );
}

function connectionOrReason(choice: ClusterChoice): Connection | string {
  try {
    return connectionTo(choice);
  } catch (error) {
    return messageOf(error);
  }
}

/** The same server is the same cluster, by whatever name and way it is reached. */
function isSame(one: Connection, other: Connection): boolean {
  return one.address === other.address && one.proxy === other.proxy;
}

function nameOf({ context, address }: Connection): string {
  return context === undefined ? address : `${context} (${address})`;
}

/** Whether the provider is there, or why that cannot be seen. */
async function lookedFor(choice: ClusterChoice, place: ProviderPlace): Promise<boolean | string> {
  try {
    return await hasProvider(await coreApi(choice), place);
  } catch (error) {
    return messageOf(error);
  }
}

/** Whether a cluster has the stack's provider, by the Secret of its wallet, which says whose it is. */
async function hasProvider(
  core: CoreV1Api,
  { namespace = defaultNamespace, releaseName = defaultReleaseName, values }: ProviderPlace,
): Promise<boolean> {
  const { walletSecret: name } = releaseNames(releaseName, values);
  const found = await unlessMissing(core.readNamespacedSecret({ namespace, name }));
  return found?.metadata?.annotations?.[ownerAnnotation] === owner();
}

/** The commands that bring back the cluster that was named before. */
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
