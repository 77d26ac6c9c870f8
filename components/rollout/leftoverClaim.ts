import type { AppsV1Api, CoreV1Api } from "@kubernetes/client-node";
import type { ReleaseNames } from "../../chart/release.ts";
import { unlessMissing } from "../../lib/kubernetesApi.ts";
import type { Clock } from "../clock.ts";

/** A release before its installation. */
export interface NewRelease {
  readonly namespace: string;
  readonly releaseName: string;
  readonly names: Pick<ReleaseNames, "fullname" | "claim">;
}

/** How long to wait for the deletion of a claim, in milliseconds. */
const patience = 15_000;
const interval = 500;

/**
 * Deletes the home volume's claim of a failed deployment, if the claim never had a volume.
 *
 * A StatefulSet uses an existing claim of its name, and Kubernetes does not change a claim's storage class. A wrong storage
 * class would therefore cause the same failure again, even after a fix in the stack. A claim without a volume has no data.
 * A claim of another owner does not have the labels of the release's pod.
 *
 * @returns whether a claim was deleted
 */
export async function removeLeftoverClaim(
  core: Pick<
    CoreV1Api,
    "readNamespacedPersistentVolumeClaim" | "deleteNamespacedPersistentVolumeClaim"
  >,
  apps: Pick<AppsV1Api, "readNamespacedStatefulSet">,
  { namespace, releaseName, names }: NewRelease,
  clock: Clock,
): Promise<boolean> {
  const read = () =>
    unlessMissing(core.readNamespacedPersistentVolumeClaim({ namespace, name: names.claim }));
  const found = await read();
  const uid = found?.metadata?.uid;
  if (
    uid === undefined ||
    found?.status?.phase !== "Pending" ||
    found.spec?.volumeName !== undefined ||
    found.metadata?.labels?.["app.kubernetes.io/instance"] !== releaseName ||
    (await unlessMissing(apps.readNamespacedStatefulSet({ namespace, name: names.fullname }))) !==
      undefined
  ) {
    return false;
  }
  await unlessMissing(
    core.deleteNamespacedPersistentVolumeClaim({
      namespace,
      name: names.claim,
      body: { preconditions: { uid } },
    }),
  );
  const until = clock.now() + patience;
  while (clock.now() < until && (await read())?.metadata?.uid === uid) {
    await clock.wait(interval);
  }
  return true;
}
