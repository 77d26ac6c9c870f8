import type { V1ObjectMeta, V1Pod, V1Secret, V1StatefulSet } from "@kubernetes/client-node";
import type { Cluster } from "../../components/index.ts";
import { ClusterUnreachable } from "../../lib/clusterFailure.ts";
import type { Annotations } from "../../components/dnsCredential/consumerState.ts";

/** A patch request for a Secret. */
export interface Patch {
  readonly secret: string;
  readonly body: unknown;
}

/** The part of the cluster that hooks read: Secrets, pods and StatefulSets, by `<namespace>/<name>`. */
export class FakeCluster {
  readonly secrets = new Map<string, V1Secret>();
  /** Uids of namespaces, by name. */
  readonly namespaces = new Map<string, string>();
  readonly pods = new Map<string, V1Pod>();
  readonly statefulSets = new Map<string, V1StatefulSet>();
  /** The requests, in order. */
  readonly calls: string[] = [];
  readonly patches: Patch[] = [];
  /** The status of each response, if it is an error. */
  failure: number | undefined;
  /** Whether the cluster responds. */
  answers = true;

  setSecret(name: string, metadata: V1ObjectMeta): void {
    this.secrets.set(name, { metadata });
  }

  setPod(name: string, annotations: Annotations): void {
    this.pods.set(name, { metadata: { annotations } });
  }

  /** For functions that take a cluster. Nothing can be deployed to it. */
  cluster(context?: string): Cluster {
    const api = () => Promise.resolve(this.#api);
    const refuseOther = () => Promise.resolve();
    const allows = () => this.#answer("ask", { namespace: "", name: "access" }, () => true);
    const access = () => Promise.resolve({ server: "https://fake", allows });
    return { context, coreApi: api, appsApi: api, refuseOther, access } as unknown as Cluster;
  }

  readonly #api = {
    readNamespace: ({ name }: { readonly name: string }) =>
      this.#answer("read namespace", { namespace: name, name }, () => ({
        metadata: { name, uid: this.namespaces.get(name) ?? missing() },
      })),
    readNamespacedSecret: (at: Place) =>
      this.#answer("read", at, () => this.secrets.get(key(at)) ?? missing()),
    readNamespacedPod: (at: Place) =>
      this.#answer("read pod", at, () => this.pods.get(key(at)) ?? missing()),
    readNamespacedStatefulSet: (at: Place) =>
      this.#answer("read StatefulSet", at, () => this.statefulSets.get(key(at)) ?? missing()),
    patchNamespacedSecret: (at: Place & { readonly body: unknown }) =>
      this.#answer("patch", at, () => {
        const found = this.secrets.get(key(at)) ?? missing();
        this.patches.push({ secret: key(at), body: at.body });
        return found;
      }),
    listNamespacedSecret: (at: { readonly namespace: string; readonly labelSelector: string }) =>
      this.#answer("list", { ...at, name: at.labelSelector }, () => ({
        // The API server's form of an empty metadata-only list.
        items: this.secrets.size === 0 ? null : [...this.secrets.values()],
      })),
    deleteNamespacedSecret: (at: Place) =>
      this.#answer("delete", at, () => this.secrets.delete(key(at)) || missing()),
  };

  async #answer<T>(verb: string, at: Place, answer: () => T): Promise<T> {
    this.calls.push(`${verb} ${key(at)}`);
    if (!this.answers) {
      throw new ClusterUnreachable("The cluster does not respond");
    }
    if (this.failure !== undefined) {
      throw apiError(this.failure);
    }
    return Promise.resolve(answer());
  }
}

interface Place {
  readonly namespace: string;
  readonly name: string;
}

function key({ namespace, name }: Place): string {
  return `${namespace}/${name}`;
}

function missing(): never {
  throw apiError(404);
}

/** In the form in which the client throws it. */
function apiError(code: number): Error {
  return Object.assign(new Error(`HTTP-Code: ${code}`), { code });
}
