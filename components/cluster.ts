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
  /** The kubeconfig's context. Plain, since hooks need it. Default: its current one. */
  readonly context?: string | undefined;
  /**
   * A kubeconfig's path or content, in place of those that `KUBECONFIG` names. The content is to be a secret. Default:
   * those, as kubectl finds them.
   */
  readonly kubeconfig?: pulumi.Input<string> | undefined;
  /**
   * Where the stack's provider is in the cluster. With it, another cluster in place of the one that has the provider is
   * refused. Default: it is not looked for.
   */
  readonly deployed?: ProviderPlace | undefined;
}

/** A provider's namespace, by which its cluster is known: the state has had its uid since it was made or adopted. */
export interface DeployedNamespace {
  /** Not known in a preview where it is still to be made, of which the plugin tells a uid that it will not have. */
  readonly id: pulumi.Output<string>;
  readonly name: pulumi.Output<string>;
  readonly uid: pulumi.Output<string>;
  /** Name of the provider's release. */
  readonly releaseName: string;
  /** Name of the Secret with the provider's wallet. */
  readonly walletSecret: string;
}

/**
 * A cluster: the Kubernetes provider of what is deployed there, and the API client of the hooks that look at it. Both
 * come from one context of one kubeconfig, so that no hook looks at another cluster.
 *
 * @example
 * const cluster = new Cluster("cluster", { context: "prod" });
 */
export class Cluster {
  /** The Kubernetes provider, with `enableSecretMutable`. */
  readonly provider: Provider;
  /** The kubeconfig's context. Undefined: its current one. */
  readonly context: string | undefined;
  /** The kubeconfig's path, for commands. Undefined: those that `KUBECONFIG` names, or one without a path. */
  readonly kubeconfigPath: string | undefined;
  /**
   * A hook for before anything is made or changed in the cluster, or for it, also in a preview; see {@link refuseOther}.
   */
  readonly sameHook: pulumi.ResourceHook;
  readonly #kubeconfig: pulumi.Input<string> | undefined;
  #place: KnownPlace | undefined;
  // Kept: hooks look again and again, and each client reads the kubeconfig anew.
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
        // A Secret's new content must take the place of the old in one step, without a moment in which it is missing.
        enableSecretMutable: true,
        ...(kubeconfig !== undefined && {
          // With it the plugin replaces nothing because of another content, which may well be of the same cluster.
          clusterIdentifier: `${pulumi.getProject()}/${pulumi.getStack()}`,
        }),
      },
      pulumi.mergeOptions(opts, {
        // The SDK copies $KUBECONFIG into the inputs (provider.js), and the path would be a change on every other
        // machine; $PULUMI_K8S_DELETE_UNREACHABLE as well, and the state would go on saying that the cluster is gone. The
        // plugin reads both itself.
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

  /** Tells the namespace of a provider that is deployed in the cluster, for {@link refuseOther}. */
  expect({ id, name, uid, releaseName, walletSecret }: DeployedNamespace): void {
    // Nothing waits for it: with `--parallel 1` the engine would not go on to the namespace while a hook does.
    Promise.all([resolved(id), resolved(name), resolved(uid)]).then(
      ([id, namespace, uid]: readonly (string | undefined)[]) => {
        if (id !== undefined && namespace !== undefined && uid !== undefined) {
          this.#place = { namespace, uid, releaseName, walletSecret };
        }
      },
      // A namespace that could not be made has ended the run.
      () => undefined,
    );
  }

  /**
   * Refuses the cluster where another one has the namespace of the stack's provider: nothing but the kubeconfig's current
   * context need have changed since, of which no setting tells.
   *
   * @throws RunError when it surely is another
   */
  async refuseOther(): Promise<void> {
    if (this.#place !== undefined) {
      await refuseClusterWithout(this.#place, await this.#choice(), () => this.coreApi());
    }
  }

  /** The core API, for hooks, which look at what is there while resources are made. */
  coreApi(): Promise<CoreV1Api> {
    this.#core ??= this.#choice().then(coreApi);
    return this.#core;
  }

  /** The API of workloads, for the same. */
  appsApi(): Promise<AppsV1Api> {
    this.#apps ??= this.#choice().then(appsApi);
    return this.#apps;
  }

  /** The API of types that others have brought into the cluster, and of which types there are. */
  async customObjectsApi(): Promise<CustomObjectsApi> {
    return customObjectsApi(await this.#choice());
  }

  /** The API that lists the groups of types. */
  async apisApi(): Promise<ApisApi> {
    return apisApi(await this.#choice());
  }

  /** What whoever runs Pulumi may do there, for hooks that look before anything is made. */
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
