import type { CoreV1Api, V1Pod } from "@kubernetes/client-node";
import { log } from "@pulumi/pulumi";
import { credentialChecksum } from "../../chart/release.ts";
import { messageOf } from "../../lib/errors.ts";
import { unlessMissing } from "../../lib/kubernetesApi.ts";
import type { Cluster } from "../cluster.ts";
import { goneVariable, isGone } from "../goneCluster.ts";
import type { CredentialConsumer } from "./consumer.ts";

/** The state of one consumer, as the rotation reads and annotates it. */
export interface ConsumerState {
  /** Name of its Secret; none for a consumer without one. */
  readonly secret: string | undefined;
  /** Name of its pod; none for a consumer without one. */
  readonly pod: string | undefined;
  /** Annotations of its Secret; none where the Secret does not exist. */
  readonly annotations: () => Promise<Annotations>;
  /** Sets annotations of its Secret, and keeps all others. Does nothing where the Secret does not exist. */
  readonly annotate: (annotations: Annotations) => Promise<void>;
  /** Its pod; undefined where the pod does not exist. */
  readonly runningPod: () => Promise<RunningPod | undefined>;
}

/** An existing pod. */
export interface RunningPod {
  /** Digest of the credential with which the pod was started; undefined without a credential. */
  readonly digest: string | undefined;
  /**
   * Grace period in seconds of a terminating pod: the pod is deleted already, or its StatefulSet is. Undefined for a pod
   * that keeps running.
   */
  readonly secondsToEnd: () => Promise<number | undefined>;
}

/** Kubernetes' default of a pod's `terminationGracePeriodSeconds`. */
const defaultGracePeriod = 30;

/** Annotations by name. */
export type Annotations = Readonly<Record<string, string>>;

/**
 * Reads a consumer from the cluster. In an unreachable cluster that the operator declares gone, no consumer exists; see
 * {@link isGone}.
 */
export function consumerState(
  cluster: Cluster,
  { namespace, secret, pod }: CredentialConsumer,
): ConsumerState {
  return {
    secret,
    pod,
    annotations: async () => {
      if (secret === undefined) {
        return {};
      }
      const found = await read(cluster, (core) =>
        core.readNamespacedSecret({ name: secret, namespace }),
      );
      return found?.metadata?.annotations ?? {};
    },
    annotate: async (annotations) => {
      if (secret !== undefined) {
        const core = await cluster.coreApi();
        // A patch of only these annotations, so that Pulumi keeps managing the rest of the Secret.
        const body = annotationPatch(annotations);
        await unlessMissing(core.patchNamespacedSecret({ name: secret, namespace, body }));
      }
    },
    runningPod: async () => {
      if (pod === undefined) {
        return undefined;
      }
      const found = await read(cluster, (core) => core.readNamespacedPod({ name: pod, namespace }));
      return (
        found && {
          digest: found.metadata?.annotations?.[credentialChecksum.dnsCredential],
          secondsToEnd: () => secondsToEnd(cluster, namespace, found),
        }
      );
    },
  };
}

/** The gone clusters for which a warning was printed. */
const warned = new WeakSet<Cluster>();

async function read<T>(
  cluster: Cluster,
  call: (core: CoreV1Api) => Promise<T>,
): Promise<T | undefined> {
  try {
    return await unlessMissing(call(await cluster.coreApi()));
  } catch (error) {
    if (!isGone(error)) {
      throw error;
    }
    if (!warned.has(cluster)) {
      warned.add(cluster);
      await log.warn(
        `${messageOf(error)}\n${goneVariable} confirms that the cluster is gone, so no credential counts as in use there.`,
      );
    }
    return undefined;
  }
}

/**
 * Helm waits for the deletion of its own objects, but not of their dependents: Kubernetes' garbage collector deletes the
 * pod after its StatefulSet.
 */
async function secondsToEnd(
  cluster: Cluster,
  namespace: string,
  { metadata = {}, spec }: V1Pod,
): Promise<number | undefined> {
  if (metadata.deletionTimestamp !== undefined) {
    return metadata.deletionGracePeriodSeconds ?? defaultGracePeriod;
  }
  const owner = metadata.ownerReferences?.find(({ kind }) => kind === "StatefulSet");
  if (owner === undefined) {
    return undefined;
  }
  const apps = await cluster.appsApi();
  const found = await unlessMissing(
    apps.readNamespacedStatefulSet({ name: owner.name, namespace }),
  );
  const keepsPod =
    found?.metadata?.uid === owner.uid && found.metadata.deletionTimestamp === undefined;
  return keepsPod ? undefined : (spec?.terminationGracePeriodSeconds ?? defaultGracePeriod);
}

function annotationPatch(annotations: Annotations): object[] {
  return Object.entries(annotations).map(([name, value]) => ({
    op: "add",
    path: `/metadata/annotations/${name.replaceAll("~", "~0").replaceAll("/", "~1")}`,
    value,
  }));
}
