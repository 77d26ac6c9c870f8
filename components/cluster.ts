import type { ApisApi, AppsV1Api, CoreV1Api, CustomObjectsApi } from "@kubernetes/client-node";
import { Provider } from "@pulumi/kubernetes/provider.js";
import * as pulumi from "@pulumi/pulumi";
import { isPath, type ClusterChoice } from "../lib/kubeconfig.ts";
import { apisApi, appsApi, coreApi, customObjectsApi } from "../lib/kubernetesApi.ts";
import { clusterAccess, type ClusterAccess } from "../lib/clusterAccess.ts";
import { resourceHook } from "./hook.ts";
import { resolved } from "./resolved.ts";
import {
  refuseClusterWithout,
  sameClusterHook,
  type KnownPlace,
  type ProviderPlace,
} from "./sameCluster.ts";

/** Arguments of {@link Cluster}. */
export interface ClusterArgs {
  /** The kubeconfig's context. A plain value, since hooks need it. Default: the current context. */
  readonly context?: string | undefined;
  /**
   * A kubeconfig's path or content, instead of the files in `KUBECONFIG`. Pass the content as a secret. Default: the files
   * that kubectl uses.
   */
  readonly kubeconfig?: pulumi.Input<string> | undefined;
  /**
   * The place of the stack's provider in the cluster. With it, a change to a cluster without the provider is refused.
   * Default: not checked.
   */
  readonly deployed?: ProviderPlace | undefined;
}

/** A provider's namespace, whose uid in the state identifies the cluster. */
export interface DeployedNamespace {
  /** Unknown in the preview of a namespace's creation, for which the plugin returns a uid that is not the final one. */
  readonly id: pulumi.Output<string>;
  readonly name: pulumi.Output<string>;
  readonly uid: pulumi.Output<string>;
  /** Name of the provider's release. */
  readonly releaseName: string;
  /** Name of the Secret with the provider's wallet. */
  readonly walletSecret: string;
}

/**
 * A cluster: the Kubernetes provider for deployed resources, and the API client for hooks. Both use the same context of the
 * same kubeconfig, so that no hook reads another cluster.
 *
 * @example
 * const cluster = new Cluster("cluster", { context: "prod" });
 */
export class Cluster {
  /** The Kubernetes provider, with `enableSecretMutable`. */
  readonly provider: Provider;
  /** The kubeconfig's context. Undefined: the current context. */
  readonly context: string | undefined;
  /** The kubeconfig's path, for commands. Undefined: the files in `KUBECONFIG`, or a kubeconfig without a path. */
  readonly kubeconfigPath: string | undefined;
  /**
   * A hook before any creation or change in the cluster, or for it, also in a preview; see {@link refuseOther}.
   */
  readonly sameHook: pulumi.ResourceHook;
  readonly #kubeconfig: pulumi.Input<string> | undefined;
  #place: KnownPlace | undefined;
  // Cached: hooks call the API often, and each new client reads the kubeconfig again.
  #core: Promise<CoreV1Api> | undefined;
  #apps: Promise<AppsV1Api> | undefined;

  /**
   * @param name the Kubernetes provider's name
   * @param args see {@link ClusterArgs}
   * @param opts options of the Kubernetes provider
   */
  constructor(
    name: string,
    { context, kubeconfig, deployed }: ClusterArgs = {},
    opts?: pulumi.CustomResourceOptions,
  ) {
    this.context = context;
    this.kubeconfigPath =
      typeof kubeconfig === "string" && isPath(kubeconfig) ? kubeconfig : undefined;
    this.#kubeconfig = kubeconfig;
    this.sameHook = resourceHook(`${name}-deployed`, () => this.refuseOther(), {
      onDryRun: true,
    });
    this.provider = new Provider(
      name,
      {
        ...(context !== undefined && { context }),
        // A Secret's content must be replaced in place, so that the Secret is never missing.
        enableSecretMutable: true,
        ...(kubeconfig !== undefined && {
          // With an identifier, the plugin replaces no resources for a changed kubeconfig of the same cluster.
          clusterIdentifier: `${pulumi.getProject()}/${pulumi.getStack()}`,
        }),
      },
      pulumi.mergeOptions(opts, {
        // The SDK copies $KUBECONFIG into the inputs (provider.js), where the path would differ on every other machine.
        // It also copies $PULUMI_K8S_DELETE_UNREACHABLE, and the state would keep declaring the cluster gone. The plugin
        // reads both variables itself.
        transformations: [
          ({ props, opts }) => ({
            props: { ...props, kubeconfig, deleteUnreachable: undefined },
            opts,
          }),
        ],
        ...(deployed !== undefined && {
          hooks: { beforeUpdate: [sameClusterHook(`${name}-same`, deployed)] },
        }),
      } satisfies pulumi.CustomResourceOptions),
    );
  }

  /** Sets the namespace of a provider that is deployed in the cluster, for {@link refuseOther}. */
  expect({ id, name, uid, releaseName, walletSecret }: DeployedNamespace): void {
    // No hook waits for it: with `--parallel 1` the engine would not continue with the namespace meanwhile.
    Promise.all([resolved(id), resolved(name), resolved(uid)]).then(
      ([id, namespace, uid]: readonly (string | undefined)[]) => {
        if (id !== undefined && namespace !== undefined && uid !== undefined) {
          this.#place = { namespace, uid, releaseName, walletSecret };
        }
      },
      // A namespace that could not be created has ended the run.
      () => undefined,
    );
  }

  /**
   * Refuses a cluster other than the one with the namespace of the stack's provider. A changed current context of the
   * kubeconfig suffices for that, which no setting of the stack shows.
   *
   * @throws RunError when it certainly is another cluster
   */
  async refuseOther(): Promise<void> {
    if (this.#place !== undefined) {
      await refuseClusterWithout(this.#place, await this.#choice(), () => this.coreApi());
    }
  }

  /** The core API, for hooks that read the cluster during a run. */
  coreApi(): Promise<CoreV1Api> {
    this.#core ??= this.#choice().then(coreApi);
    return this.#core;
  }

  /** The API of workloads, for the same hooks. */
  appsApi(): Promise<AppsV1Api> {
    this.#apps ??= this.#choice().then(appsApi);
    return this.#apps;
  }

  /** The API of custom resources and their types. */
  async customObjectsApi(): Promise<CustomObjectsApi> {
    return customObjectsApi(await this.#choice());
  }

  /** The API that lists the API groups. */
  async apisApi(): Promise<ApisApi> {
    return apisApi(await this.#choice());
  }

  /** The permissions of the identity that runs Pulumi, for hooks that check them before any change. */
  async access(): Promise<ClusterAccess> {
    return clusterAccess(await this.#choice());
  }

  async #choice(): Promise<ClusterChoice> {
    return {
      context: this.context,
      kubeconfig:
        this.#kubeconfig === undefined
          ? undefined
          : await resolved(pulumi.output(this.#kubeconfig)),
      stack: pulumi.getStack(),
    };
  }
}
