import { Namespace } from "@pulumi/kubernetes/core/v1/namespace.js";
import { Secret } from "@pulumi/kubernetes/core/v1/secret.js";
import { Release, type ReleaseArgs } from "@pulumi/kubernetes/helm/v3/release.js";
import * as pulumi from "@pulumi/pulumi";
import { encodeParameters } from "../chart/parameters.ts";
import {
  akashNetworkLabel,
  chartName,
  chartRepository,
  chartVersion,
  isSafeChartSource,
  credentialSecretKey,
  credentialSecretName,
  defaultMaxHistory,
  defaultNamespace,
  defaultReleaseName,
  defaultTimeout,
  podSecurityLabel,
  releaseNames,
  type ReleaseNames,
  walletSecretKey,
} from "../chart/release.ts";
import { chartValues, type ChartSettings } from "../chart/values.ts";
import { digestOf } from "../dns/credential.ts";
import {
  missing,
  missingText,
  refuseWrongArguments,
  wrongLabel,
  wrongNumber,
} from "./argumentError.ts";
import type { Cluster } from "./cluster.ts";
import { rightsHook, type ReleaseTask } from "./clusterRights.ts";
import { secretAnnotations } from "./dnsCredential/annotations.ts";
import type { DnsCredential } from "./dnsCredential/credential.ts";
import { proofHooks } from "./dnsCredential/hooks.ts";
import { inCluster } from "./inCluster.ts";
import { componentTypes, providerChildren } from "./names.ts";
import { owner, ownerAnnotation, ownerHook } from "./owner.ts";
import { pendingReleaseHook } from "./pendingRelease.ts";
import { defaultPostrender } from "./postrender.ts";
import { admissionHook, rolloutHooks } from "./rollout/hooks.ts";
import { sameNamespaceHook } from "./sameCluster.ts";
import { walletDigest } from "./walletDigest.ts";

/** The wallet with which the provider signs transactions. */
export interface Wallet {
  /** The exported key in ASCII armor, as `provider-services keys export` prints it. Stored as a secret. */
  readonly key: pulumi.Input<string>;
  /** The password with which the key was exported. Stored as a secret. */
  readonly password: pulumi.Input<string>;
}

/** Source of the chart. All fields are plain values, since they determine the inputs of the Helm release. */
export interface ChartSource {
  /**
   * A repository's URL, an `oci://` reference, or a folder or archive relative to the program. A reference with a digest
   * (`oci://…@sha256:…`) pins the chart: Helm rejects any other content, even if the version's tag has moved
   * (helm.sh/helm/v3, pkg/registry/client.go, `ValidateReference`). Default: Akash's repository.
   */
  readonly source?: string | undefined;
  /** Version of a chart from a repository or registry. Default: the version that the repairs were tested with. */
  readonly version?: string | undefined;
}

/** Arguments of {@link AkashProvider}. */
export interface AkashProviderArgs extends ChartSettings {
  /** The cluster of the provider. */
  readonly cluster: Cluster;
  /**
   * Namespace of the release. Created if it does not exist, never deleted. A plain value, since the credential's hooks need
   * it. Default `akash-services`, as in Akash's guides.
   */
  readonly namespace?: string | undefined;
  /**
   * Name of the Helm release. A plain value, since it determines the names of the release's objects; the same applies to
   * `fullnameOverride` and `nameOverride` in `values`. Default `akash-provider`, as in Akash's guides.
   */
  readonly releaseName?: string | undefined;
  /**
   * A namespace that may still have the stack's provider from a version that ignored `namespace`, and the setting behind
   * `namespace`. The provider is not moved out of the former namespace. Default: none.
   */
  readonly formerNamespace?: { readonly namespace: string; readonly setting: string } | undefined;
  /** The wallet with which the provider signs transactions. */
  readonly wallet: Wallet;
  /** The credential for DNS-01. Default: none, and the challenge is HTTP-01. */
  readonly credential?: DnsCredential | undefined;
  /** Source of the chart. Default: Akash's repository, with the version that the repairs were tested with. */
  readonly chart?: ChartSource | undefined;
  /**
   * The post-renderer that repairs the rendered chart, relative to the folder in which Pulumi runs. A custom executable must
   * start the default one or apply the same repairs. Default: the one of this package.
   */
  readonly postrender?: string | undefined;
  /** How long Helm waits for the pod to become ready, in seconds. Default 600: the first start imports the key and signs transactions. */
  readonly timeout?: number | undefined;
  /** How many revisions Helm keeps. Default 5: enough to roll back, without storing every setting ever used. */
  readonly maxHistory?: number | undefined;
}

/**
 * An Akash provider with a certificate from Let's Encrypt: its namespace, the Secrets of its pod, and the Helm release of
 * the chart `provider`, repaired by a post-renderer.
 *
 * @example
 * new AkashProvider("provider", {
 *   cluster: new Cluster("cluster"),
 *   domain: "example.com",
 *   email: "you@example.com",
 *   account: "akash1…",
 *   wallet: { key: config.requireSecret("walletKey"), password: config.requireSecret("walletPassword") },
 *   directoryUrl: "https://acme-v02.api.letsencrypt.org/directory",
 * });
 */
export class AkashProvider extends pulumi.ComponentResource {
  /** Name of the namespace. */
  readonly namespace: pulumi.Output<string>;
  /** Revision of the Helm release. */
  readonly revision: pulumi.Output<number>;
  /** Name of the Secret with the DNS credential, if the pod uses one. */
  readonly credentialSecret: pulumi.Output<string> | undefined;

  /**
   * @param name the component's name; its children are named after it
   * @param args see {@link AkashProviderArgs}
   * @param opts options of the component
   * @throws ArgumentError when an argument is wrong
   */
  constructor(name: string, args: AkashProviderArgs, opts?: pulumi.ComponentResourceOptions) {
    const component = `AkashProvider "${name}"`;
    refuseWrongArguments(component, wrongArguments(args));
    const {
      cluster,
      credential,
      namespace: namespaceName = defaultNamespace,
      releaseName = defaultReleaseName,
      wallet: { key, password },
      values,
    } = args;
    const names = releaseNames(releaseName, values);
    refuseWrongArguments(component, {
      credential: otherConsumer(credential, namespaceName, names),
    });
    // No arguments here: they contain secrets, and the state would store them.
    super(componentTypes.provider, name, {}, inCluster(cluster, opts));
    const children = providerChildren(name);

    const namespace = new Namespace(
      children.namespace,
      {
        metadata: {
          name: namespaceName,
          labels: {
            [akashNetworkLabel.name]: akashNetworkLabel.value,
            // In an adopted namespace the label permits nothing new: the hook has checked that it admits the pod.
            [podSecurityLabel.name]: podSecurityLabel.value,
          },
        },
      },
      {
        parent: this,
        // The namespace contains objects of others, such as Akash's operators. An adopted one also has labels and
        // annotations, which Pulumi would remove without ignoreChanges.
        retainOnDelete: true,
        ignoreChanges: ["metadata.annotations", "metadata.labels", "spec"],
        hooks: { beforeCreate: [admissionHook(`${name}-admission`, cluster)] },
      },
    );
    cluster.expect({
      id: namespace.id,
      name: namespace.metadata.name,
      uid: namespace.metadata.uid,
      releaseName,
      walletSecret: names.walletSecret,
    });
    const metadata = {
      namespace: namespace.metadata.name,
      labels: {
        "app.kubernetes.io/instance": releaseName,
        "app.kubernetes.io/managed-by": "pulumi",
        "app.kubernetes.io/name": chartName,
      },
    };

    const ofRelease = {
      namespace: namespaceName,
      names,
      mode: args.ingress?.mode ?? ("gateway-api" as const),
    };
    const rights = rightsHook(`${name}-rights`, cluster, ofRelease);
    const wallet = new Secret(
      children.wallet,
      {
        metadata: {
          ...metadata,
          name: names.walletSecret,
          annotations: { [ownerAnnotation]: owner() },
        },
        data: {
          [walletSecretKey.key]: encoded(key),
          [walletSecretKey.password]: encoded(password),
        },
      },
      {
        parent: this,
        ignoreChanges: ignoredOfSecrets,
        hooks: {
          beforeCreate: [
            cluster.sameHook,
            rights,
            ...formerNamespaceHooks(name, args),
            ownerHook(`${name}-owner`, cluster, releaseName),
          ],
          beforeUpdate: [cluster.sameHook],
        },
      },
    );

    const digest =
      credential?.content && pulumi.unsecret(credential.content.apply((text) => digestOf(text)));
    const secret =
      credential?.content && digest
        ? new Secret(
            children.dnsCredential,
            {
              metadata: {
                ...metadata,
                name: credentialSecretName(names, credential.dnsProvider),
                annotations: secretAnnotations(credential, digest),
              },
              data: { [credentialSecretKey[credential.dnsProvider]]: encoded(credential.content) },
            },
            {
              parent: this,
              hooks: behind(
                cluster.sameHook,
                proofHooks(
                  `${name}-proof`,
                  credential,
                  credentialSecretKey[credential.dnsProvider],
                ),
              ),
              ignoreChanges: ignoredOfSecrets,
            },
          )
        : undefined;

    const pending = pendingReleaseHook(`${name}-pending-release`, cluster);
    const rollout = rolloutHooks(`${name}-rollout`, cluster);
    const release = new Release(
      children.release,
      {
        name: releaseName,
        namespace: namespace.metadata.name,
        ...helmSource(args.chart),
        values: chartValues(args, {
          parameters: parameters(walletDigest(key, password), credential, digest),
          credentialOf: secret && credential?.dnsProvider,
          ...(credential?.serviceAccount !== undefined && {
            serviceAccountAnnotations: {
              // https://cloud.google.com/kubernetes-engine/docs/how-to/workload-identity
              "iam.gke.io/gcp-service-account": credential.serviceAccount,
            },
          }),
        }),
        postrender: args.postrender ?? defaultPostrender(),
        // A failed rollout is rolled back to the previous revision, so that the provider keeps running.
        atomic: true,
        cleanupOnFail: true,
        // A pod that does not become ready blocks its replacement, also in a rollback: the StatefulSet's controller
        // waits for it (kubernetes, pkg/controller/statefulset/stateful_set_control.go).
        recreatePods: true,
        timeout: args.timeout ?? defaultTimeout,
        maxHistory: args.maxHistory ?? defaultMaxHistory,
      },
      {
        parent: this,
        // The pod does not start without its Secrets.
        dependsOn: secret === undefined ? [wallet] : [wallet, secret],
        // Another name or namespace means a new release. Two releases would sign with the same wallet, and their
        // cluster-wide objects would have the same names.
        deleteBeforeReplace: true,
        hooks: {
          ...behind(cluster.sameHook, {
            beforeCreate: [rights, pending, rollout.beforeCreate],
            beforeUpdate: [
              rightsHook(`${name}-release-rights`, cluster, ofRelease, releaseTask),
              pending,
              rollout.beforeUpdate,
            ],
          }),
          afterCreate: [rollout.after],
          afterUpdate: [rollout.after],
          onError: [rollout.onError],
          // `destroy` runs the program only for a managed credential.
          ...(credential?.managed && { beforeDelete: [cluster.sameHook] }),
        },
      },
    );

    this.namespace = release.status.namespace;
    this.revision = release.status.revision;
    this.credentialSecret = secret?.metadata.name;
    this.registerOutputs({
      namespace: this.namespace,
      revision: this.revision,
      credentialSecret: this.credentialSecret,
    });
  }
}

/** Adds a hook before all others that run before a creation or a change. */
function behind(
  first: pulumi.ResourceHook,
  { beforeCreate = [], beforeUpdate = [] }: pulumi.ResourceHookBinding,
): pulumi.ResourceHookBinding {
  return { beforeCreate: [first, ...beforeCreate], beforeUpdate: [first, ...beforeUpdate] };
}

function formerNamespaceHooks(
  name: string,
  { cluster, formerNamespace, releaseName, values }: AkashProviderArgs,
): pulumi.ResourceHook[] {
  if (formerNamespace === undefined) {
    return [];
  }
  const { namespace, setting } = formerNamespace;
  const former = { namespace, releaseName, values };
  return [sameNamespaceHook(`${name}-namespace`, cluster, former, setting)];
}

/** Another version of the chart may have other cluster-wide objects. */
function releaseTask({ oldInputs, newInputs }: pulumi.ResourceHookArgs): ReleaseTask {
  const chart = ({ chart, version }: ChartInputs = {}) => JSON.stringify([chart, version]);
  return chart(oldInputs) === chart(newInputs) ? "change" : "upgradeChart";
}

/** The chart in a release's inputs. */
interface ChartInputs {
  readonly chart?: unknown;
  readonly version?: unknown;
}

/** An adopted Secret specifies its type, although it is the default. Removing the type would replace the Secret. */
const ignoredOfSecrets = ["type"];

function wrongArguments(args: AkashProviderArgs): Readonly<Record<string, string | undefined>> {
  const { namespace, releaseName, values = {} } = args;
  // The wallet may be missing in an untyped program.
  const wallet = args.wallet as Partial<Wallet> | undefined;
  return {
    cluster: missing(args.cluster),
    namespace: namespace === undefined ? undefined : wrongLabel(namespace),
    // Helm's own limit (helm.sh/helm/v3, pkg/chartutil/validate_name.go).
    releaseName: releaseName === undefined ? undefined : wrongLabel(releaseName, 53),
    domain: missingText(args.domain),
    email: missingText(args.email),
    account: missingText(args.account),
    directoryUrl: missingText(args.directoryUrl),
    "wallet.key": missingText(wallet?.key),
    "wallet.password": missingText(wallet?.password),
    "chart.source":
      typeof args.chart?.source === "string" && !isSafeChartSource(args.chart.source)
        ? "is a repository without TLS, so an attacker on the network could replace the chart"
        : undefined,
    "values.fullnameOverride": wrongOverride(values.fullnameOverride),
    "values.nameOverride": wrongOverride(values.nameOverride),
    timeout: wrongNumber(args.timeout),
    maxHistory: wrongNumber(args.maxHistory),
  };
}

function wrongOverride(value: unknown): string | undefined {
  return value === undefined || value === null || value === "" ? undefined : wrongLabel(value);
}

/** A managed credential whose hooks do not check this provider would be deleted while the provider uses it. */
function otherConsumer(
  credential: DnsCredential | undefined,
  namespace: string,
  names: ReleaseNames,
): string | undefined {
  if (credential?.managed === undefined) {
    return undefined;
  }
  const secret = credentialSecretName(names, credential.dnsProvider);
  const isConsumer = credential.managed.consumers.some(
    (consumer) =>
      consumer.namespace === namespace && consumer.secret === secret && consumer.pod === names.pod,
  );
  return isConsumer
    ? undefined
    : `has no consumer with the Secret ${secret} and the pod ${names.pod} in namespace ${namespace}: ` +
        "add providerConsumer with this namespace, releaseName and values to its consumers";
}

/** The post-renderer's parameters: a credential turns DNS-01 on. */
function parameters(
  walletDigest: pulumi.Output<string>,
  credential: DnsCredential | undefined,
  digest: pulumi.Output<string> | undefined,
): pulumi.Output<string> {
  return pulumi
    .all([walletDigest, digest, credential?.environment])
    .apply(([walletDigest, credentialDigest, environment]) =>
      encodeParameters({
        challenge:
          credential === undefined
            ? { type: "http-01" }
            : {
                type: "dns-01",
                dnsProvider: credential.dnsProvider,
                credentialDigest,
                environment,
              },
        walletDigest,
      }),
    );
}

/** Only a repository is given separately from the chart. Other sources are the chart itself. */
function helmSource({ source = chartRepository, version = chartVersion }: ChartSource = {}): Pick<
  ReleaseArgs,
  "chart" | "version" | "repositoryOpts"
> {
  if (/^https?:/.test(source)) {
    return { chart: chartName, version, repositoryOpts: { repo: source } };
  }
  return source.startsWith("oci:") ? { chart: source, version } : { chart: source };
}

/** Encodes a text for a Secret's `data`, and marks it as a secret. */
function encoded(text: pulumi.Input<string>): pulumi.Output<string> {
  return pulumi.secret(text).apply((plain) => Buffer.from(plain).toString("base64"));
}
