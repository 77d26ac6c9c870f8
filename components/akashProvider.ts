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

/** The wallet with which the provider signs. */
export interface Wallet {
  /** The exported key's armour text, as `provider-services keys export` prints it. Stored as a secret. */
  readonly key: pulumi.Input<string>;
  /** The password with which the key was exported. Stored as a secret. */
  readonly password: pulumi.Input<string>;
}

/** Where the chart comes from. Plain, since it decides how Helm is asked for it. */
export interface ChartSource {
  /**
   * A repository's URL, an `oci://` reference, or a folder or archive relative to the program. A digest behind a reference
   * (`oci://…@sha256:…`) pins the chart: Helm takes no other for it, also where the version's tag has moved
   * (helm.sh/helm/v3, pkg/registry/client.go, `ValidateReference`). Default: Akash's repository.
   */
  readonly source?: string | undefined;
  /** Version of the chart, where it comes from a repository or registry. Default: the one that the repairs were tried on. */
  readonly version?: string | undefined;
}

/** Arguments of {@link AkashProvider}. */
export interface AkashProviderArgs extends ChartSettings {
  /** Where the provider is deployed. */
  readonly cluster: Cluster;
  /**
   * Namespace of the release; made when it does not exist, never deleted. Plain, since the credential's hooks look into
   * it. Default `akash-services`, as in Akash's guides.
   */
  readonly namespace?: string | undefined;
  /**
   * Name of the Helm release. Plain, since the names of its objects come from it; so are `fullnameOverride` and
   * `nameOverride` in `values`. Default `akash-provider`, as in Akash's guides.
   */
  readonly releaseName?: string | undefined;
  /**
   * A namespace in which the stack's provider may be from a time when `namespace` was not heard, and the setting that
   * `namespace` comes from. The provider is not moved out of it. Default: none.
   */
  readonly formerNamespace?: { readonly namespace: string; readonly setting: string } | undefined;
  /** The wallet with which the provider signs. */
  readonly wallet: Wallet;
  /** The credential for DNS-01. Default: none, and the challenge is HTTP-01. */
  readonly credential?: DnsCredential | undefined;
  /** Where the chart comes from. Default: Akash's repository, at the version that the repairs were tried on. */
  readonly chart?: ChartSource | undefined;
  /**
   * The executable that repairs what Helm renders, relative to the folder in which Pulumi runs. Whatever takes its place
   * has to start this one, or to do its work. Default: that of this package.
   */
  readonly postrender?: string | undefined;
  /** How long Helm waits for the pod to get ready, in seconds. Default 600: the first start imports the key and signs transactions. */
  readonly timeout?: number | undefined;
  /** How many revisions Helm keeps. Default 5: enough to roll back, without every setting ever used. */
  readonly maxHistory?: number | undefined;
}

/**
 * An Akash provider with a certificate from Let's Encrypt: its namespace, the Secrets that its pod reads, and the Helm
 * release of the chart `provider`, repaired on its way to the cluster.
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
  /** Name of the Secret with the DNS credential, if the pod reads one. */
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
    // The arguments hold secrets, and what is handed over here goes into the state.
    super(componentTypes.provider, name, {}, inCluster(cluster, opts));
    const children = providerChildren(name);

    const namespace = new Namespace(
      children.namespace,
      {
        metadata: {
          name: namespaceName,
          labels: {
            [akashNetworkLabel.name]: akashNetworkLabel.value,
            // In an adopted one it says no more than the operator has: without it, the hook has seen that the pod is admitted.
            [podSecurityLabel.name]: podSecurityLabel.value,
          },
        },
      },
      {
        parent: this,
        // Other things than this stack's live in it: the operators, and whatever was there before. In an adopted one
        // that includes labels and annotations, which would go if they were not named here.
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
        // A rollout that fails is put back to the revision before, so that the provider goes on.
        atomic: true,
        cleanupOnFail: true,
        // A pod that does not get ready stands in the way of its own replacement, of the rollback's, too: the
        // StatefulSet's controller waits for it (kubernetes, pkg/controller/statefulset/stateful_set_control.go).
        recreatePods: true,
        timeout: args.timeout ?? defaultTimeout,
        maxHistory: args.maxHistory ?? defaultMaxHistory,
      },
      {
        parent: this,
        // The pod does not start without its Secrets.
        dependsOn: secret === undefined ? [wallet] : [wallet, secret],
        // With another name or namespace it is a new release. Two would sign with one wallet, and their
        // cluster-wide objects have one name.
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
          // Where `destroy` runs the program anyway, for the credential.
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

/** Hooks with another in front of each that is before a creation or a change. */
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

/** Another version of the chart may have other objects of the whole cluster. */
function releaseTask({ oldInputs, newInputs }: pulumi.ResourceHookArgs): ReleaseTask {
  const chart = ({ chart, version }: ChartInputs = {}) => JSON.stringify([chart, version]);
  return chart(oldInputs) === chart(newInputs) ? "change" : "upgradeChart";
}

/** What a release's inputs say of its chart. */
interface ChartInputs {
  readonly chart?: unknown;
  readonly version?: unknown;
}

/** An adopted Secret says its type, which is the default, and one that says it no more would be replaced. */
const ignoredOfSecrets = ["type"];

function wrongArguments(args: AkashProviderArgs): Readonly<Record<string, string | undefined>> {
  const { namespace, releaseName, values = {} } = args;
  // It may be missing where nobody checks types.
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
        ? "is a repository without TLS, so that whoever is on the way could put another chart in its place"
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

/** A managed credential whose hooks look elsewhere would be deleted while this provider runs with it. */
function otherConsumer(
  credential: DnsCredential | undefined,
  namespace: string,
  names: ReleaseNames,
): string | undefined {
  if (credential?.managed === undefined) {
    return undefined;
  }
  const secret = credentialSecretName(names, credential.dnsProvider);
  const isTold = credential.managed.consumers.some(
    (consumer) =>
      consumer.namespace === namespace && consumer.secret === secret && consumer.pod === names.pod,
  );
  return isTold
    ? undefined
    : `is not told that the Secret ${secret} and the pod ${names.pod} in namespace ${namespace} carry it: ` +
        "hand it providerConsumer with this namespace, releaseName and values";
}

/** The post-renderer's parameters: DNS-01 is on because there is a credential. */
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

/** A repository is named beside the chart; every other place is the chart itself, with its version in it. */
function helmSource({ source = chartRepository, version = chartVersion }: ChartSource = {}): Pick<
  ReleaseArgs,
  "chart" | "version" | "repositoryOpts"
> {
  if (/^https?:/.test(source)) {
    return { chart: chartName, version, repositoryOpts: { repo: source } };
  }
  return source.startsWith("oci:") ? { chart: source, version } : { chart: source };
}

/** As a Secret's `data` has it: a secret whatever it was before. */
function encoded(text: pulumi.Input<string>): pulumi.Output<string> {
  return pulumi.secret(text).apply((plain) => Buffer.from(plain).toString("base64"));
}
