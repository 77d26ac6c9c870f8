import type { V1ObjectMeta } from "@kubernetes/client-node";
import * as pulumi from "@pulumi/pulumi";
import { operationSecondsLeft } from "../chart/release.ts";
import { kubectl } from "../lib/clusterCommand.ts";
import { isPending, markedAt, recordMetadata } from "../lib/helmRecord.ts";
import { systemClock, type Clock } from "./clock.ts";
import type { Cluster } from "./cluster.ts";
import { shell } from "../lib/shell.ts";
import { resourceHook } from "./hook.ts";

/** An operation on a Helm release, and its time limit. */
export interface ReleaseOperation {
  readonly namespace: string;
  readonly releaseName: string;
  /** How long Helm waits for the pod to become ready, in seconds. */
  readonly timeout: number;
  /** Context of the kubeconfig, for commands. Default: the current context. */
  readonly kubeContext?: string | undefined;
  /** Path of the kubeconfig, for commands, where the stack sets one. */
  readonly kubeconfig?: string | undefined;
}

/** The Secrets in which Helm stores the revisions of one release. */
export interface RevisionSecrets {
  /** The metadata of all Secrets, in any order. */
  readonly list: () => Promise<readonly V1ObjectMeta[]>;
  /** Deletes the Secret of this name. */
  readonly remove: (name: string) => Promise<void>;
}

/** How long a release must not be pending to count as settled, in milliseconds: it is not pending between a failure and its rollback. */
const settling = 20_000;
/** Pause between two checks, in milliseconds. */
const interval = 1_000;

/**
 * A hook before the installation or upgrade of a Helm release, which removes a pending revision of an interrupted run; see
 * {@link removePendingRevision}. Namespace, name and timeout come from the release's inputs.
 *
 * @param name the hook's name
 * @param cluster the release's cluster
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
    await removePendingRevision(await revisionSecrets(cluster, operation), operation);
  });
}

/**
 * Removes a pending revision of an interrupted run.
 *
 * Helm marks a revision as pending at the beginning of an operation, and as deployed or failed at its end. A run that is
 * killed in between leaves the revision pending, and Helm refuses every further operation ("another operation is in
 * progress", or after a first install "cannot re-use a name that is still in use"). The revision may also belong to a
 * running operation: the Kubernetes plugin outlives a killed Pulumi, and rolls back a failed rollout after its timeout.
 * Therefore this function waits for the longest time that an operation can take, and only then deletes the revision. The
 * next upgrade starts from the last good revision and takes over the existing objects.
 *
 * @param secrets the release's revisions
 * @param operation see {@link ReleaseOperation}
 * @param clock default: the system's
 */
export async function removePendingRevision(
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
      `An interrupted run left revision ${pending.labels?.version ?? ""} of the release ${operation.releaseName} in the ` +
        `status ${pending.labels?.status ?? ""}. Deleted this revision's Secret, to continue from the previous revision`,
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

/** Waits until no operation runs on the release. Returns a revision that is pending for longer than an operation can take. */
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

/** The Secret of the release's last revision, if it is pending (https://helm.sh/docs/topics/advanced/#storage-backends). */
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
    `another run is in progress, or was interrupted. Waiting up to ${Math.max(0, secondsLeft(pending, operation, clock))} s for it to finish. ` +
    `If no other run is in progress, delete the revision's Secret: ${kubectl(operation, shell`delete secret ${pending.name ?? ""}`)}`
  );
}
