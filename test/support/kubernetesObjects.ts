import type { KubernetesObject, V1Pod, V1PodStatus, V1Secret } from "@kubernetes/client-node";
import {
  ApiException,
  CoreV1Api,
  KubeConfig,
  KubernetesObjectApi,
} from "../../lib/kubernetesClient.ts";
import {
  decodeRecord,
  encodeRecord,
  recordData,
  recordSelector,
  recordText,
  type HelmRecord,
} from "../../lib/helmRecord.ts";
import type { Sandbox } from "../../sandbox/cluster/sandbox.ts";

/** A client of the sandbox's API server for tests. */
export class Cluster {
  /** For clients of other types. */
  readonly config = new KubeConfig();
  readonly core: CoreV1Api;
  /** For objects of any type. */
  readonly objects: KubernetesObjectApi;

  constructor(sandbox: Sandbox) {
    this.config.loadFromFile(sandbox.kubeconfig);
    this.core = this.config.makeApiClient(CoreV1Api);
    this.objects = KubernetesObjectApi.makeApiClient(this.config);
  }

  /** An object, or undefined where there is none. */
  async get<T extends KubernetesObject>(
    apiVersion: string,
    kind: string,
    name: string,
    namespace?: string,
  ): Promise<T | undefined> {
    try {
      const metadata = { name, ...(namespace !== undefined && { namespace }) };
      return await this.objects.read<T & { metadata: { name: string; namespace: string } }>({
        apiVersion,
        kind,
        metadata: metadata,
      });
    } catch (error) {
      if (error instanceof ApiException && error.code === 404) {
        return undefined;
      }
      throw error;
    }
  }

  async pod(namespace: string, name: string): Promise<V1Pod | undefined> {
    return this.get<V1Pod>("v1", "Pod", name, namespace);
  }

  async configMapData(namespace: string, name: string): Promise<Record<string, string>> {
    return (await this.core.readNamespacedConfigMap({ namespace, name })).data ?? {};
  }

  /**
   * Leaves a pending revision of the namespace's release, as a machine does that fails during an upgrade.
   *
   * @param status the pending status
   * @param age the age of the revision, in seconds
   * @returns the name of its Secret
   */
  async markPending(namespace: string, status = "pending-upgrade", age = 0): Promise<string> {
    const secret = await this.deployedRevision(namespace);
    const revision = decodeRecord(secret);
    const version = revision.version + 1;
    const name = (secret.metadata?.name ?? "").replace(/\d+$/, String(version));
    const pending = { ...revision, version, info: { ...revision.info, status } };
    await this.core.createNamespacedSecret({
      namespace,
      body: {
        metadata: { name, labels: { ...secret.metadata?.labels, ...helmLabels(pending, age) } },
        type: secret.type ?? "",
        data: encodeRecord(pending),
      },
    });
    return name;
  }

  /**
   * Changes Helm's record of the release's deployed revision.
   *
   * @param change returns the new text from the old one
   * @param age the age of the revision's status, in seconds
   * @returns a function that restores the record
   */
  async rewriteRevision(
    namespace: string,
    change: (text: string) => string,
    age = 0,
  ): Promise<() => Promise<void>> {
    const secret = await this.deployedRevision(namespace);
    const name = secret.metadata?.name ?? "";
    const text = recordText(secret);
    const write = async (text: string) => {
      const { metadata } = await this.core.readNamespacedSecret({ namespace, name });
      const labels = helmLabels(JSON.parse(text) as HelmRecord, age);
      await this.core.replaceNamespacedSecret({
        namespace,
        name,
        body: {
          ...secret,
          metadata: { ...metadata, labels: { ...metadata?.labels, ...labels } },
          data: recordData(text),
        },
      });
    };
    await write(change(text));
    return () => write(text);
  }

  private async deployedRevision(namespace: string): Promise<V1Secret> {
    const { items } = await this.core.listNamespacedSecret({
      namespace,
      labelSelector: recordSelector({ status: "deployed" }),
    });
    const [deployed] = items;
    if (deployed === undefined) {
      throw new Error(`no release is deployed in ${namespace}`);
    }
    return deployed;
  }

  /** Changes a pod's status, as a kubelet does. */
  async setPodStatus(
    namespace: string,
    name: string,
    change: (status: V1PodStatus) => V1PodStatus,
  ): Promise<void> {
    const pod = await this.core.readNamespacedPod({ namespace, name });
    const body = { ...pod, status: change(pod.status ?? {}) };
    await this.core.replaceNamespacedPodStatus({ namespace, name, body });
  }

  /** Helm's record of every revision of the namespace's releases, including values and manifest, in plain text. */
  async helmHistory(namespace: string): Promise<HelmRevision[]> {
    const { items } = await this.core.listNamespacedSecret({
      namespace,
      labelSelector: recordSelector(),
    });
    return items.map(helmRevision).sort((a, b) => a.version - b.version);
  }
}

/** A revision of a release, as Helm stores it. */
type HelmRevision = HelmRecord & {
  /** The whole record, as text. */
  readonly text: string;
};

function helmRevision(secret: V1Secret): HelmRevision {
  return { ...decodeRecord(secret), text: recordText(secret) };
}

/** Helm's labels of a revision's Secret. */
function helmLabels({ version, info }: HelmRecord, age: number): Record<string, string> {
  return {
    version: String(version),
    status: info.status,
    modifiedAt: String(Math.floor(Date.now() / 1_000) - age),
  };
}

/** Whether the pod reports that it is ready. */
export function isReady(pod: V1Pod | undefined): boolean {
  return (
    pod?.status?.conditions?.some(({ type, status }) => type === "Ready" && status === "True") ===
    true
  );
}
