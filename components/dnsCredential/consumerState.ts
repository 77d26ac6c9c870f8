import type { CoreV1Api, V1Pod } from "@kubernetes/client-node";
import { log } from "@pulumi/pulumi";
import { credentialChecksum } from "../../chart/release.ts";
import { messageOf } from "../../lib/errors.ts";
import { unlessMissing } from "../../lib/kubernetesApi.ts";
import type { Cluster } from "../cluster.ts";
import { goneVariable, isGone } from "../goneCluster.ts";
import type { CredentialConsumer } from "./consumer.ts";

/** What the rotation asks of one consumer of the credential, and tells it. */
export interface ConsumerState {
  /** Name of its Secret; none for a consumer without. */
  readonly secret: string | undefined;
  /** Name of its pod; none for a consumer without. */
  readonly pod: string | undefined;
  /** Annotations of its Secret; none where there is no Secret. */
  readonly annotations: () => Promise<Annotations>;
  /** Sets annotations of its Secret, and leaves all others; does nothing where there is no Secret. */
  readonly annotate: (annotations: Annotations) => Promise<void>;
  /** Its pod; undefined where there is none. */
  readonly runningPod: () => Promise<RunningPod | undefined>;
}

/** A pod that is there. */
export interface RunningPod {
  /** The digest of the credential that it was started with; undefined where it has none. */
  readonly digest: string | undefined;
  /**
   * How many seconds it has to end, where it is going: it is deleted already, or nothing is there any more that keeps it
   * running. Undefined where it stays.
   */
  readonly secondsToEnd: () => Promise<number | undefined>;
}

/** Kubernetes' own default of a pod's `terminationGracePeriodSeconds`. */
const defaultGracePeriod = 30;

/** Annotations by name. */
export type Annotations = Readonly<Record<string, string>>;

/**
 * A consumer as it is in the cluster. A cluster that does not answer has none where the operator says that it is gone; see
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
        // A patch of these annotations alone, so that the rest of the Secret stays Pulumi's.
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

/** The clusters of which a warning has said that they are gone. */
const told = new WeakSet<Cluster>();

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
    if (!told.has(cluster)) {
      told.add(cluster);
      await log.warn(
        `${messageOf(error)}\n${goneVariable} says that the cluster is gone, and so that nothing runs with a credential there.`,
      );
    }
    return undefined;
  }
}

/**
 * Helm waits for its objects to go, and not for what these have made: the pod of a StatefulSet is deleted by Kubernetes'
 * garbage collector, after the StatefulSet.
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
  const keepsIt =
    found?.metadata?.uid === owner.uid && found.metadata.deletionTimestamp === undefined;
  return keepsIt ? undefined : (spec?.terminationGracePeriodSeconds ?? defaultGracePeriod);
}

function annotationPatch(annotations: Annotations): object[] {
  return Object.entries(annotations).map(([name, value]) => ({
    op: "add",
    path: `/metadata/annotations/${name.replaceAll("~", "~0").replaceAll("/", "~1")}`,
    value,
  }));
}
