import { setTimeout as delay } from "node:timers/promises";
import * as pulumi from "@pulumi/pulumi";
import { refuseUnreachable } from "../clusterRights.ts";
import { releaseNames } from "../../chart/release.ts";
import { messageOf } from "../../lib/errors.ts";
import { recordMetadata } from "../../lib/helmRecord.ts";
import { systemClock, type Clock } from "../clock.ts";
import type { Cluster } from "../cluster.ts";
import { resourceHook } from "../hook.ts";
import { removeLeftoverClaim } from "./leftoverClaim.ts";
import { refuseUnlessAdmitted } from "./podSecurity.ts";
import { RolloutWatch, type RolloutTarget } from "./watch.ts";

/** A clock whose pauses do not keep an otherwise finished process alive. */
const backgroundClock: Clock = {
  now: () => Date.now(),
  wait: (milliseconds) => delay(milliseconds, undefined, { ref: false }),
};

/** The inputs of a release that its hooks read. */
interface ReleaseInputs {
  readonly namespace: string;
  readonly name: string;
  readonly values?: { readonly fullnameOverride?: unknown; readonly nameOverride?: unknown };
}

/**
 * A hook before the creation or adoption of the namespace; see {@link refuseUnlessAdmitted}.
 *
 * @param name the hook's name
 * @param cluster the namespace's cluster
 */
export function admissionHook(name: string, cluster: Cluster): pulumi.ResourceHook {
  return resourceHook(name, async ({ newInputs }) => {
    const { metadata } = newInputs as { readonly metadata: { readonly name: string } };
    // Otherwise the error depends on which hook fails first, this one or that of the credential.
    await refuseUnreachable(cluster);
    await refuseUnlessAdmitted(await cluster.coreApi(), {
      ...commandTarget(cluster),
      namespace: metadata.name,
    });
  });
}

/**
 * The hooks of a Helm release that watch its pod during a rollout. Before the rollout, they check that the namespace admits
 * the pod, and delete the leftover claim of a failed deployment. During the rollout, they report what prevents the pod from
 * starting. After a failure, they report its cause.
 *
 * @param name prefix of the hooks' names
 * @param cluster the release's cluster
 */
export function rolloutHooks(name: string, cluster: Cluster) {
  let watch: RolloutWatch | undefined;
  const begin = async (inputs: ReleaseInputs, isNew: boolean) => {
    const core = await cluster.coreApi();
    const apps = await cluster.appsApi();
    const { namespace, name: releaseName, values = {} } = inputs;
    const names = releaseNames(releaseName, values);
    const stack = pulumi.getStack();
    const target: RolloutTarget = { ...commandTarget(cluster), namespace, names, stack };
    await refuseUnlessAdmitted(core, target);
    if (isNew) {
      await removeClaim(core, apps, { namespace, releaseName, names });
    }
    const isRollingOut = async () => {
      const status = ["pending-install", "pending-upgrade"];
      return (await recordMetadata(core, { name: releaseName, status }, namespace)).length > 0;
    };
    watch = new RolloutWatch(
      { core, apps, isRollingOut },
      target,
      (message) => pulumi.log.warn(message),
      backgroundClock,
    );
    await watch.start();
  };
  const end = resourceHook(`${name}-end`, async () => {
    await watch?.stop();
  });
  return {
    beforeCreate: resourceHook(`${name}-install`, ({ newInputs }) =>
      begin(newInputs as ReleaseInputs, true),
    ),
    beforeUpdate: resourceHook(`${name}-upgrade`, ({ newInputs }) =>
      begin(newInputs as ReleaseInputs, false),
    ),
    after: end,
    onError: new pulumi.ErrorHook(`${name}-failure`, async () => {
      const message = await watch?.failure();
      if (message !== undefined) {
        await pulumi.log.error(message);
      }
      return false;
    }),
  } as const;
}

async function removeClaim(
  core: Awaited<ReturnType<Cluster["coreApi"]>>,
  apps: Awaited<ReturnType<Cluster["appsApi"]>>,
  release: Parameters<typeof removeLeftoverClaim>[2],
): Promise<void> {
  const { claim } = release.names;
  try {
    if (await removeLeftoverClaim(core, apps, release, systemClock)) {
      await pulumi.log.warn(
        `Deleted the claim ${claim} of a failed deployment, which never had a volume`,
      );
    }
  } catch (error) {
    await pulumi.log.warn(
      `The claim ${claim} of a failed deployment was not deleted: ${messageOf(error)}`,
    );
  }
}

function commandTarget({ context: kubeContext, kubeconfigPath: kubeconfig }: Cluster) {
  return { kubeContext, kubeconfig };
}
