import {
  ApiException,
  CoreV1Api,
  KubeConfig,
  KubernetesObjectApi,
  type KubernetesObject,
  type V1Pod,
  type V1Secret,
} from "@kubernetes/client-node";
import { gunzipSync, gzipSync } from "node:zlib";
import type { Sandbox } from "../../sandbox/cluster.ts";

/** What the tests ask the sandbox's API server. */
export class Cluster {
  readonly core: CoreV1Api;
  private readonly objects: KubernetesObjectApi;

  constructor(sandbox: Sandbox) {
    const config = new KubeConfig();
    config.loadFromFile(sandbox.kubeconfig);
    this.core = config.makeApiClient(CoreV1Api);
    this.objects = KubernetesObjectApi.makeApiClient(config);
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
   * Leaves a pending revision of the namespace's release, as a machine does that goes down during an upgrade.
   *
   * @returns the name of its Secret
   */
  async markPending(namespace: string): Promise<string> {
    const secrets = await this.core.listNamespacedSecret({
      namespace,
      labelSelector: "owner=helm,status=deployed",
    });
    const [deployed] = secrets.items;
    const version = Number(deployed?.metadata?.labels?.version) + 1;
    const name = (deployed?.metadata?.name ?? "").replace(/\d+$/, String(version));
    const revision = JSON.parse(helmText(deployed ?? {})) as HelmRevision;
    const pending = { ...revision, version, info: { ...revision.info, status: "pending-upgrade" } };
    await this.core.createNamespacedSecret({
      namespace,
      body: {
        metadata: {
          name,
          labels: {
            ...deployed?.metadata?.labels,
            version: String(version),
            status: "pending-upgrade",
            modifiedAt: String(Math.floor(Date.now() / 1_000)),
          },
        },
        type: deployed?.type ?? "",
        data: { release: encodeHelm(JSON.stringify(pending)) },
      },
    });
    return name;
  }

  /** What Helm keeps of every revision of the namespace's releases: values, manifest and all, in clear. */
  async helmHistory(namespace: string): Promise<HelmRevision[]> {
    const { items } = await this.core.listNamespacedSecret({
      namespace,
      labelSelector: "owner=helm",
    });
    return items.map(helmRevision).sort((a, b) => a.version - b.version);
  }
}

/** A revision of a release, as Helm stores it. */
export interface HelmRevision {
  readonly name: string;
  readonly version: number;
  readonly info: { readonly status: string; readonly description: string };
  /** Everything that is stored, as text. */
  readonly text: string;
}

function helmRevision(secret: V1Secret): HelmRevision {
  const text = helmText(secret);
  return { ...(JSON.parse(text) as HelmRevision), text };
}

/** Helm stores a revision as gzipped JSON in base64, which the Secret encodes once more. */
function helmText({ data }: V1Secret): string {
  const encoded = Buffer.from(data?.release ?? "", "base64").toString();
  return gunzipSync(Buffer.from(encoded, "base64")).toString();
}

function encodeHelm(text: string): string {
  const encoded = gzipSync(text).toString("base64");
  return Buffer.from(encoded).toString("base64");
}

/** Whether the pod reports itself ready. */
export function isReady(pod: V1Pod | undefined): boolean {
  return (
    pod?.status?.conditions?.some(({ type, status }) => type === "Ready" && status === "True") ===
    true
  );
}
