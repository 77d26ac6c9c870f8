import type { AppsV1Api, CoreV1Api } from "@kubernetes/client-node";
import type { ReleaseNames } from "../../chart/release.ts";
import { unlessMissing } from "../../lib/kubernetesApi.ts";
import type { Clock } from "../clock.ts";

/** A release that is about to be installed. */
export interface NewRelease {
  readonly namespace: string;
  readonly releaseName: string;
  readonly names: Pick<ReleaseNames, "fullname" | "claim">;
}

/** How long the end of a claim is waited for, in milliseconds. */
const patience = 15_000;
const interval = 500;

/**
 * Removes the claim of the home volume that a failed deployment has left, if it never had a volume.
 *
 * A StatefulSet takes a claim of the right name as it is, and Kubernetes changes no claim's storage class; so the class
 * that was the failure's cause would be so again, whatever the stack says by now. There is nothing in a claim without a
 * volume. One that somebody else has made lacks the labels of the release's pod.
 *
 * @returns whether there was one
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
