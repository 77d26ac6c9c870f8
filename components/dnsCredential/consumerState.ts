import { credentialChecksum } from "../../chart/release.ts";
import { unlessMissing } from "../../lib/kubernetesApi.ts";
import type { Cluster } from "../cluster.ts";
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
  /** The digest of the credential that its pod was started with; undefined where there is no pod, or it has none. */
  readonly runningDigest: () => Promise<string | undefined>;
}

/** Annotations by name. */
export type Annotations = Readonly<Record<string, string>>;

/** A consumer as it is in the cluster. */
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
      const core = await cluster.coreApi();
      const found = await unlessMissing(core.readNamespacedSecret({ name: secret, namespace }));
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
    runningDigest: async () => {
      if (pod === undefined) {
        return undefined;
      }
      const core = await cluster.coreApi();
      const found = await unlessMissing(core.readNamespacedPod({ name: pod, namespace }));
      return found?.metadata?.annotations?.[credentialChecksum.dnsCredential];
    },
  };
}

function annotationPatch(annotations: Annotations): object[] {
  return Object.entries(annotations).map(([name, value]) => ({
    op: "add",
    path: `/metadata/annotations/${name.replaceAll("~", "~0").replaceAll("/", "~1")}`,
    value,
  }));
}
