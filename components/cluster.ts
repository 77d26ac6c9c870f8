import type { AppsV1Api, CoreV1Api } from "@kubernetes/client-node";
import { Provider } from "@pulumi/kubernetes/provider.js";
import * as pulumi from "@pulumi/pulumi";
import { appsApi, coreApi } from "../lib/kubernetesApi.ts";

/** Arguments of {@link Cluster}. */
export interface ClusterArgs {
  /** The kubeconfig's context. Plain, since hooks need it. Default: its current one. */
  readonly context?: string | undefined;
}

/**
 * A cluster: the Kubernetes provider of what is deployed there, and the API client of the hooks that look at it. Both
 * come from one context of the kubeconfig of whoever runs Pulumi, so that no hook looks at another cluster.
 *
 * @example
 * const cluster = new Cluster("cluster", { context: "prod" });
 */
export class Cluster {
  /** The Kubernetes provider, with `enableSecretMutable`. */
  readonly provider: Provider;
  /** The kubeconfig's context. Undefined: its current one. */
  readonly context: string | undefined;
  // Kept: hooks look again and again, and each client reads the kubeconfig anew.
  #core: Promise<CoreV1Api> | undefined;
  #apps: Promise<AppsV1Api> | undefined;

  /**
   * @param name the Kubernetes provider's name
   * @param args see {@link ClusterArgs}
   * @param opts options of the Kubernetes provider
   */
  constructor(name: string, { context }: ClusterArgs = {}, opts?: pulumi.CustomResourceOptions) {
    this.context = context;
    this.provider = new Provider(
      name,
      {
        ...(context !== undefined && { context }),
        // A Secret's new content must take the place of the old in one step, without a moment in which it is missing.
        enableSecretMutable: true,
      },
      pulumi.mergeOptions(opts, {
        // The SDK copies $KUBECONFIG into the inputs (provider.js), and the path would be a change on every other
        // machine; $PULUMI_K8S_DELETE_UNREACHABLE as well, and the state would go on saying that the cluster is gone. The
        // plugin reads both itself.
        transformations: [
          ({ props, opts }) => ({
            props: { ...props, kubeconfig: undefined, deleteUnreachable: undefined },
            opts,
          }),
        ],
      } satisfies pulumi.CustomResourceOptions),
    );
  }

  /** The core API, for hooks, which look at what is there while resources are made. */
  coreApi(): Promise<CoreV1Api> {
    return (this.#core ??= coreApi(this.context));
  }

  /** The API of workloads, for the same. */
  appsApi(): Promise<AppsV1Api> {
    return (this.#apps ??= appsApi(this.context));
  }
}
