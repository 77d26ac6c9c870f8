import * as kubernetes from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { chartName, releaseNames } from "../chart/release.ts";
import type { ChartValues } from "../chart/values.ts";
import type { Wallet } from "../config.ts";

/** Arguments of {@link AkashProvider}. */
export interface AkashProviderArgs {
  /** Namespace of the release. Made when it does not exist; it stays when the stack is destroyed. */
  readonly namespace: string;
  /** Name of the Helm release, from which the chart derives the names of its objects. */
  readonly releaseName: string;
  /** The chart's place: a repository URL, an `oci://` reference, or a folder or archive relative to the project. */
  readonly chart: string;
  /** Version of the chart, for a chart in a repository. */
  readonly chartVersion: string;
  /** Chart values, without credentials. */
  readonly values: ChartValues;
  /** The wallet, stored as the Secret that the chart's pod reads. */
  readonly wallet: Wallet;
  /** How long Helm waits for the pod to get ready, in seconds. */
  readonly timeout: number;
  /** How many revisions Helm keeps. */
  readonly maxHistory: number;
}

/**
 * An Akash provider with a certificate from Let's Encrypt: its namespace, its wallet's Secret, and the Helm release of
 * the chart `provider`, repaired on its way to the cluster.
 *
 * @example
 * new AkashProvider("provider", { namespace: "akash-services", releaseName: "akash-provider", … });
 */
export class AkashProvider extends pulumi.ComponentResource {
  /** Name of the namespace. */
  readonly namespace: pulumi.Output<string>;
  /** Revision of the Helm release. */
  readonly revision: pulumi.Output<number>;

  /**
   * @param name the component's name; its children are named after it
   * @param args see {@link AkashProviderArgs}
   * @param opts options of the component; `providers` must hold a Kubernetes provider with `enableSecretMutable`, since
   *   a Secret with a given name is otherwise deleted before its new content is there
   */
  constructor(name: string, args: AkashProviderArgs, opts?: pulumi.ComponentResourceOptions) {
    super("akash:provider:AkashProvider", name, {}, opts);
    const names = releaseNames(args.releaseName, args.values);

    const namespace = new kubernetes.core.v1.Namespace(
      `${name}-namespace`,
      {
        metadata: {
          name: args.namespace,
          // Akash's operators and network policies find their namespaces by this label.
          labels: { "akash.network": "true" },
        },
      },
      // Other things than this stack's live in it: the operators, and whatever was there before.
      { parent: this, retainOnDelete: true },
    );

    const wallet = new kubernetes.core.v1.Secret(
      `${name}-wallet`,
      {
        metadata: {
          name: names.walletSecret,
          namespace: namespace.metadata.name,
          labels: secretLabels(args.releaseName),
        },
        data: {
          "key.txt": base64(args.wallet.key),
          "key-pass.txt": base64(args.wallet.password),
        },
      },
      { parent: this },
    );

    const release = new kubernetes.helm.v3.Release(
      `${name}-release`,
      {
        name: args.releaseName,
        namespace: namespace.metadata.name,
        ...chartSource(args),
        values: args.values,
        postrender: "chart/postrender",
        // A rollout that fails is put back to the revision before, so that the provider goes on.
        atomic: true,
        cleanupOnFail: true,
        // A pod that does not get ready stands in the way of its own replacement, of the rollback's, too: the
        // StatefulSet's controller waits for it (kubernetes, pkg/controller/statefulset/stateful_set_control.go).
        recreatePods: true,
        timeout: args.timeout,
        maxHistory: args.maxHistory,
      },
      // The pod does not start without the wallet, nor stop cleanly once it is gone.
      { parent: this, dependsOn: [wallet] },
    );

    this.namespace = release.status.namespace;
    this.revision = release.status.revision;
    this.registerOutputs({ namespace: this.namespace, revision: this.revision });
  }
}

function secretLabels(releaseName: string): Record<string, string> {
  return {
    "app.kubernetes.io/instance": releaseName,
    "app.kubernetes.io/managed-by": "pulumi",
    "app.kubernetes.io/name": chartName,
  };
}

/** A repository is named beside the chart; every other place is the chart itself, with its version in it. */
function chartSource({
  chart,
  chartVersion,
}: AkashProviderArgs): Pick<
  kubernetes.helm.v3.ReleaseArgs,
  "chart" | "version" | "repositoryOpts"
> {
  if (/^https?:/.test(chart)) {
    return { chart: chartName, version: chartVersion, repositoryOpts: { repo: chart } };
  }
  return chart.startsWith("oci:") ? { chart, version: chartVersion } : { chart };
}

function base64(text: pulumi.Output<string>): pulumi.Output<string> {
  return text.apply((plain) => Buffer.from(plain).toString("base64"));
}
