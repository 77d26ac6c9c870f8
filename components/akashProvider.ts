import { Namespace } from "@pulumi/kubernetes/core/v1/namespace.js";
import { Secret } from "@pulumi/kubernetes/core/v1/secret.js";
import { Release, type ReleaseArgs } from "@pulumi/kubernetes/helm/v3/release.js";
import * as pulumi from "@pulumi/pulumi";
import { encodeParameters, type Parameters } from "../chart/parameters.ts";
import {
  chartName,
  credentialSecretKey,
  credentialSecretName,
  type ReleaseNames,
} from "../chart/release.ts";
import { chartValues } from "../chart/values.ts";
import type { Config } from "../config/index.ts";
import { credentialDigest, type DnsCredential } from "../dns/credential.ts";
import { resolved } from "./resolved.ts";
import { credentialAnnotations } from "./credentialHooks.ts";
import { owner, ownerAnnotation, ownerHook } from "./owner.ts";
import { pendingReleaseHook } from "./pendingRelease.ts";

/** Arguments of {@link AkashProvider}. */
export interface AkashProviderArgs {
  /** The stack's configuration. */
  readonly config: Config;
  /** The credential for DNS-01. Default: none, as under HTTP-01. */
  readonly credential?: DnsCredential | undefined;
}

/**
 * An Akash provider with a certificate from Let's Encrypt: its namespace, the Secrets that its pod reads, and the Helm
 * release of the chart `provider`, repaired on its way to the cluster.
 *
 * @example
 * new AkashProvider("provider", { config: readConfig() }, { providers: [clusterProvider()] });
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
   * @param opts options of the component; `providers` must hold a Kubernetes provider with `enableSecretMutable`, since
   *   a Secret with a given name is otherwise deleted before its new content is there
   */
  constructor(name: string, args: AkashProviderArgs, opts?: pulumi.ComponentResourceOptions) {
    // The arguments hold secrets, and what is handed over here goes into the state.
    super("akash:provider:AkashProvider", name, {}, opts);
    const { config, credential } = args;
    const { names } = config;

    const namespace = new Namespace(
      `${name}-namespace`,
      {
        metadata: {
          name: config.namespace,
          // Akash's operators and network policies find their namespaces by this label.
          labels: { "akash.network": "true" },
        },
      },
      {
        parent: this,
        // Other things than this stack's live in it: the operators, and whatever was there before. In an adopted one
        // that includes labels and annotations, which would go if they were not named here.
        retainOnDelete: true,
        ignoreChanges: ["metadata.annotations", "metadata.labels", "spec"],
      },
    );
    const metadata = {
      namespace: namespace.metadata.name,
      labels: {
        "app.kubernetes.io/instance": config.releaseName,
        "app.kubernetes.io/managed-by": "pulumi",
        "app.kubernetes.io/name": chartName,
      },
    };

    const wallet = new Secret(
      `${name}-wallet`,
      {
        metadata: {
          ...metadata,
          name: names.walletSecret,
          annotations: { [ownerAnnotation]: owner() },
        },
        data: {
          "key.txt": base64(config.wallet.key),
          "key-pass.txt": base64(config.wallet.password),
        },
      },
      {
        parent: this,
        ignoreChanges: ignoredOfSecrets,
        hooks: { beforeCreate: [ownerHook(`${name}-owner`, config, names.walletSecret)] },
      },
    );

    const digest = credential?.content && credentialDigest(credential.content);
    const secret =
      credential?.content && digest
        ? new Secret(
            `${name}-dns-credential`,
            {
              metadata: {
                ...metadata,
                ...credentialMetadata(names, credential, digest),
              },
              data: { [credentialSecretKey[credential.dnsProvider]]: base64(credential.content) },
            },
            { parent: this, hooks: proofHooks(name, credential), ignoreChanges: ignoredOfSecrets },
          )
        : undefined;

    const values = chartValues(config, {
      parameters: parameters(config, credential, digest),
      credentialOf: secret && credential?.dnsProvider,
      ...(credential?.serviceAccount !== undefined && {
        serviceAccountAnnotations: {
          // https://cloud.google.com/kubernetes-engine/docs/how-to/workload-identity
          "iam.gke.io/gcp-service-account": credential.serviceAccount,
        },
      }),
    });
    const pending = pendingReleaseHook(`${name}-pending-release`, config);
    const release = new Release(
      `${name}-release`,
      {
        name: config.releaseName,
        namespace: namespace.metadata.name,
        ...chartSource(config),
        values,
        postrender: "chart/postrender",
        // A rollout that fails is put back to the revision before, so that the provider goes on.
        atomic: true,
        cleanupOnFail: true,
        // A pod that does not get ready stands in the way of its own replacement, of the rollback's, too: the
        // StatefulSet's controller waits for it (kubernetes, pkg/controller/statefulset/stateful_set_control.go).
        recreatePods: true,
        timeout: config.timeout,
        maxHistory: config.maxHistory,
      },
      {
        parent: this,
        // The pod does not start without its Secrets.
        dependsOn: secret === undefined ? [wallet] : [wallet, secret],
        // With another name or namespace it is a new release. Two would sign with one wallet, and their
        // cluster-wide objects have one name.
        deleteBeforeReplace: true,
        hooks: { beforeCreate: [pending], beforeUpdate: [pending] },
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

/** An adopted Secret says its type, which is the default, and one that says it no more would be replaced. */
const ignoredOfSecrets = ["type"];

function credentialMetadata(
  names: ReleaseNames,
  { dnsProvider, made }: DnsCredential,
  digest: pulumi.Output<string>,
) {
  return {
    name: credentialSecretName(names, dnsProvider),
    annotations: {
      [credentialAnnotations.digest]: digest,
      ...(made && {
        [credentialAnnotations.id]: made.id,
        [credentialAnnotations.suffix]: made.suffix,
      }),
    },
  };
}

/**
 * A credential is proven before it takes the place of the one in use. A restart would not show that it is wrong: the
 * provider reuses the certificate that it has, until the renewal.
 */
function proofHooks(name: string, { dnsProvider, prove }: DnsCredential) {
  const proof = new pulumi.ResourceHook(`${name}-proof`, async ({ newInputs }) => {
    // Hooks are given secrets as Outputs.
    const data = await resolved(pulumi.output(newInputs?.data as pulumi.Input<SecretData>));
    await prove(
      Buffer.from(data[credentialSecretKey[dnsProvider]] ?? "", "base64").toString("utf8"),
    );
  });
  return { beforeCreate: [proof], beforeUpdate: [proof] };
}

type SecretData = Record<string, string>;

function parameters(
  { challenge, wallet }: Config,
  credential: DnsCredential | undefined,
  digest: pulumi.Output<string> | undefined,
): pulumi.Output<string> {
  return pulumi.all([wallet.digest, digest]).apply(([walletDigest, credentialDigest]) =>
    encodeParameters({
      challenge: challengeParameters(challenge, credential, credentialDigest),
      walletDigest,
    }),
  );
}

function challengeParameters(
  challenge: Config["challenge"],
  credential: DnsCredential | undefined,
  digest: string | undefined,
): Parameters["challenge"] {
  if (challenge.type === "http-01" || credential === undefined) {
    return { type: "http-01" };
  }
  return {
    type: "dns-01",
    dnsProvider: credential.dnsProvider,
    credentialDigest: digest,
    environment: credential.environment,
  };
}

/** A repository is named beside the chart; every other place is the chart itself, with its version in it. */
function chartSource({
  chart,
  chartVersion,
}: Config): Pick<ReleaseArgs, "chart" | "version" | "repositoryOpts"> {
  if (/^https?:/.test(chart)) {
    return { chart: chartName, version: chartVersion, repositoryOpts: { repo: chart } };
  }
  return chart.startsWith("oci:") ? { chart, version: chartVersion } : { chart };
}

function base64(text: pulumi.Output<string>): pulumi.Output<string> {
  return text.apply((plain) => Buffer.from(plain).toString("base64"));
}
