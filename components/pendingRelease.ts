import type { V1ObjectMeta } from "@kubernetes/client-node";
import * as pulumi from "@pulumi/pulumi";
import { operationSecondsLeft } from "../chart/release.ts";
import { kubectl } from "../lib/clusterCommand.ts";
import { isPending, markedAt, recordMetadata } from "../lib/helmRecord.ts";
import { systemClock, type Clock } from "./clock.ts";
import type { Cluster } from "./cluster.ts";
import { shell } from "../lib/shell.ts";
import { resourceHook } from "./hook.ts";

/** An operation on a Helm release, and how long it may take. */
export interface ReleaseOperation {
  readonly namespace: string;
  readonly releaseName: string;
  /** How long Helm waits for the pod to get ready, in seconds. */
  readonly timeout: number;
  /** Context of the kubeconfig, for commands. Default: its current one. */
  readonly kubeContext?: string | undefined;
  /** Path of the kubeconfig, for commands, where the stack names one. */
  readonly kubeconfig?: string | undefined;
}

/** The Secrets in which Helm keeps the revisions of one release, as far as this looks at them. */
export interface RevisionSecrets {
  /** The metadata of all of them, in any order. */
  readonly list: () => Promise<readonly V1ObjectMeta[]>;
  /** Deletes the one of this name. */
  readonly remove: (name: string) => Promise<void>;
}

/** How long a release must be left alone to count as settled, in milliseconds: between a failure and its rollback it is not pending. */
const settling = 20_000;
/** Pause between two looks, in milliseconds. */
const interval = 1_000;

/**
 * A hook for before a Helm release is installed or upgraded, which makes way where an interrupted run left a revision
 * pending; see {@link makeWay}. Namespace, name and timeout are those of the release that it is called for.
 *
 * @param name the hook's name
 * @param cluster where the release is
 */
export function pendingReleaseHook(name: string, cluster: Cluster): pulumi.ResourceHook {
  return resourceHook(name, async ({ newInputs }) => {
    const { namespace, name, timeout } = newInputs as {
      readonly namespace: string;
      readonly name: string;
      readonly timeout: number;
    };
    const { context: kubeContext, kubeconfigPath: kubeconfig } = cluster;
    const operation = { namespace, releaseName: name, timeout, kubeContext, kubeconfig };
    await makeWay(await revisionSecrets(cluster, operation), operation);
  });
}

/**
 * Makes way where an interrupted run left a revision pending.
 *
 * Helm marks a revision as pending, works, and marks it deployed or failed. A run that is killed in between leaves it
 * pending, and Helm refuses every further operation ("another operation is in progress", or after a first install
 * "cannot re-use a name that is still in use"). The revision may also be another's who is at work: the Kubernetes plugin
 * outlives a killed Pulumi, and puts a failed rollout back once its time is up. So this waits for as long as a
 * living operation can take, and only then removes the mark; the next upgrade starts from the last good revision and
 * takes over the objects that are there.
 *
 * @param secrets the release's revisions
 * @param operation see {@link ReleaseOperation}
 * @param clock default: the system's
 */
export async function makeWay(
  secrets: RevisionSecrets,
  operation: ReleaseOperation,
  clock: Clock = systemClock,
): Promise<void> {
  const found = await pendingRevision(secrets);
  if (found === undefined) {
    return;
  }
  await pulumi.log.warn(waiting(found, operation, clock));
  const pending = await waitForEnd(secrets, operation, clock);
  if (pending?.name !== undefined) {
    await secrets.remove(pending.name);
    await pulumi.log.warn(
      `Revision ${pending.labels?.version ?? ""} of the release ${operation.releaseName} was left ` +
        `${pending.labels?.status ?? ""} by an interrupted run; removed its mark to go on from the revision before`,
    );
  }
}

async function revisionSecrets(
  cluster: Cluster,
  { namespace, releaseName }: ReleaseOperation,
): Promise<RevisionSecrets> {
  const core = await cluster.coreApi();
  return {
    list: () => recordMetadata(core, { name: releaseName }, namespace),
    remove: async (name) => {
      await core.deleteNamespacedSecret({ namespace, name });
    },
  };
}

/** Waits until nothing is at work on the release; a revision that is pending for longer than work can take is returned. */
async function waitForEnd(
  secrets: RevisionSecrets,
  operation: ReleaseOperation,
  clock: Clock,
): Promise<V1ObjectMeta | undefined> {
  let quietSince = clock.now();
  while (clock.now() - quietSince < settling) {
    const pending = await pendingRevision(secrets);
    if (pending !== undefined) {
      if (secondsLeft(pending, operation, clock) <= 0) {
        return pending;
      }
      quietSince = clock.now();
    }
    await clock.wait(interval);
  }
  return undefined;
}

/** The Secret of the release's last revision, if that is pending (https://helm.sh/docs/topics/advanced/#storage-backends). */
async function pendingRevision(secrets: RevisionSecrets): Promise<V1ObjectMeta | undefined> {
  const version = ({ labels }: V1ObjectMeta) => Number(labels?.version);
  const last = [...(await secrets.list())].sort((a, b) => version(a) - version(b)).at(-1);
  return isPending(last?.labels?.status) ? last : undefined;
}

function secondsLeft(
  { labels }: V1ObjectMeta,
  { timeout }: ReleaseOperation,
  clock: Clock,
): number {
  return operationSecondsLeft(markedAt(labels) ?? 0, timeout, clock.now() / 1_000);
}

function waiting(pending: V1ObjectMeta, operation: ReleaseOperation, clock: Clock): string {
  const { releaseName } = operation;
  return (
    `Revision ${pending.labels?.version ?? ""} of the release ${releaseName} is ${pending.labels?.status ?? ""}: ` +
    `another run is at work, or was interrupted. Waiting up to ${Math.max(0, secondsLeft(pending, operation, clock))} s for it to end. ` +
    `If you know that none is at work, remove the mark: ${kubectl(operation, shell`delete secret ${pending.name ?? ""}`)}`
  );
}
