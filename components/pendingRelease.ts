import { setTimeout as delay } from "node:timers/promises";
import type { CoreV1Api, V1ObjectMeta } from "@kubernetes/client-node";
import * as pulumi from "@pulumi/pulumi";
import { operationSecondsLeft } from "../chart/release.ts";
import { kubectl } from "../lib/clusterCommand.ts";
import { recordSelector } from "../lib/helmRecord.ts";
import { coreApi } from "./coreApi.ts";

/** Which release, and how long an operation on it may take. */
export interface ReleaseOperation {
  readonly namespace: string;
  readonly releaseName: string;
  /** How long Helm waits for the pod to get ready, in seconds. */
  readonly timeout: number;
  /** Context of the kubeconfig. Default: its current one. */
  readonly kubeContext?: string | undefined;
}

/** How long a release must be left alone to count as settled, in milliseconds: between a failure and its rollback it is not pending. */
const settling = 20_000;
/** Pause between two looks, in milliseconds. */
const interval = 1_000;

/**
 * A hook for before a Helm release is installed or upgraded, which makes way where an interrupted run left a revision
 * pending.
 *
 * Helm marks a revision as pending, works, and marks it deployed or failed. A run that is killed in between leaves it
 * pending, and Helm refuses every further operation ("another operation is in progress", or after a first install
 * "cannot re-use a name that is still in use"). The revision may also be another's who is at work: the Kubernetes plugin
 * outlives a killed Pulumi, and puts a failed rollout back once its time is up. So this waits for as long as a
 * living operation can take, and only then removes the mark; the next upgrade starts from the last good revision and
 * takes over the objects that are there.
 *
 * @param name the hook's name
 * @param operation see {@link ReleaseOperation}
 */
export function pendingReleaseHook(name: string, operation: ReleaseOperation): pulumi.ResourceHook {
  return new pulumi.ResourceHook(name, async () => {
    const secrets = await coreApi(operation.kubeContext);
    const found = await pendingRevision(secrets, operation);
    if (found === undefined) {
      return;
    }
    await pulumi.log.warn(waiting(found, operation));
    const pending = await waitForEnd(secrets, operation);
    if (pending?.name !== undefined) {
      await secrets.deleteNamespacedSecret({ namespace: operation.namespace, name: pending.name });
      await pulumi.log.warn(
        `Revision ${pending.labels?.version ?? ""} of the release ${operation.releaseName} was left ` +
          `${pending.labels?.status ?? ""} by an interrupted run; removed its mark to go on from the revision before`,
      );
    }
  });
}

/** Waits until nothing is at work on the release; a revision that is pending for longer than work can take is returned. */
async function waitForEnd(
  secrets: CoreV1Api,
  operation: ReleaseOperation,
): Promise<V1ObjectMeta | undefined> {
  let quietSince = Date.now();
  while (Date.now() - quietSince < settling) {
    const pending = await pendingRevision(secrets, operation);
    if (pending !== undefined) {
      if (secondsLeft(pending, operation) <= 0) {
        return pending;
      }
      quietSince = Date.now();
    }
    await delay(interval);
  }
  return undefined;
}

/** The Secret of the release's last revision, if that is pending (https://helm.sh/docs/topics/advanced/#storage-backends). */
async function pendingRevision(
  secrets: CoreV1Api,
  { namespace, releaseName }: ReleaseOperation,
): Promise<V1ObjectMeta | undefined> {
  const { items } = await secrets.listNamespacedSecret({
    namespace,
    labelSelector: recordSelector({ name: releaseName }),
  });
  const version = ({ labels }: V1ObjectMeta) => Number(labels?.version);
  const last = items
    .flatMap(({ metadata }) => metadata ?? [])
    .sort((a, b) => version(a) - version(b))
    .at(-1);
  return last?.labels?.status?.startsWith("pending-") === true ? last : undefined;
}

function secondsLeft({ labels }: V1ObjectMeta, { timeout }: ReleaseOperation): number {
  const begun = Number(labels?.modifiedAt ?? labels?.createdAt ?? 0);
  return operationSecondsLeft(begun, timeout, Date.now() / 1_000);
}

function waiting(pending: V1ObjectMeta, operation: ReleaseOperation): string {
  const { releaseName } = operation;
  return (
    `Revision ${pending.labels?.version ?? ""} of the release ${releaseName} is ${pending.labels?.status ?? ""}: ` +
    `another run is at work, or was interrupted. Waiting up to ${Math.max(0, secondsLeft(pending, operation))} s for it to end. ` +
    `If you know that none is at work, remove the mark: ${kubectl(operation, `delete secret ${pending.name ?? ""}`)}`
  );
}
