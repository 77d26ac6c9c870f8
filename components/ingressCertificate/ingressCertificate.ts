import { CustomResource } from "@pulumi/kubernetes/apiextensions/customResource.js";
import { Namespace } from "@pulumi/kubernetes/core/v1/namespace.js";
import { Secret } from "@pulumi/kubernetes/core/v1/secret.js";
import * as pulumi from "@pulumi/pulumi";
import { defaultGatewayNamespace, wildcardCertificate } from "../../chart/gateway.ts";
import { digestOf } from "../../dns/credential.ts";
import { kubectl } from "../../lib/clusterCommand.ts";
import { shell } from "../../lib/shell.ts";
import {
  missing,
  missingText,
  refuseWrongArguments,
  wrongHostName,
  wrongLabel,
} from "../argumentError.ts";
import type { Cluster } from "../cluster.ts";
import { secretAnnotations } from "../dnsCredential/annotations.ts";
import type { DnsCredential } from "../dnsCredential/credential.ts";
import { proofHooks } from "../dnsCredential/hooks.ts";
import { resourceHook } from "../hook.ts";
import { inCluster } from "../inCluster.ts";
import { componentTypes, ingressChildren } from "../names.ts";
import { owner, ownerAnnotation } from "../owner.ts";
import {
  accountKeySecret,
  certManagerApi,
  ingressCredentialSecret,
  issuerKind,
  issuerName,
} from "./certManager.ts";
import { ingressPlace, type IngressPlace, type IngressPlaceArgs } from "./place.ts";
import { refuseUnusableIngress } from "./preconditions.ts";
import { webhookHook } from "./webhook.ts";

/**
 * Takes over existing objects from any field manager: after a lost state they are the stack's own, and the objects of others
 * are refused before (https://www.pulumi.com/registry/packages/kubernetes/how-to-guides/managing-resources-with-server-side-apply).
 */
const takeOver = { "pulumi.com/patchForce": "true" } as const;

/** Arguments of {@link IngressCertificate}. */
export interface IngressCertificateArgs extends IngressPlaceArgs {
  /** The cluster, with cert-manager installed. */
  readonly cluster: Cluster;
  /** The credential for DNS-01, with this component among its consumers. It must have content, unlike one on GKE. */
  readonly credential: DnsCredential;
  /** The CA's directory URL. A plain value, since it determines the Issuer's name. */
  readonly directoryUrl: string;
  /** E-mail address for the account at the CA. */
  readonly email: pulumi.Input<string>;
  /** The hook that {@link certificateDeleteHook} registers. Default: none, and no message when the certificate is deleted. */
  readonly deleteHook?: pulumi.ResourceHook | undefined;
}

/**
 * The certificate for the tenants' ingress, `*.ingress.<domain>`, which Akash's gateway serves on port 443. cert-manager
 * obtains and renews the certificate, by DNS-01 with the same credential as the provider's own certificate.
 *
 * The run does not wait for the certificate, which takes cert-manager about a minute.
 *
 * @example
 * new IngressCertificate("ingress", {
 *   cluster,
 *   credential,
 *   domain: "example.com",
 *   email: "you@example.com",
 *   directoryUrl: "https://acme-v02.api.letsencrypt.org/directory",
 * });
 */
export class IngressCertificate extends pulumi.ComponentResource {
  /** Namespace of the certificate. */
  readonly namespace: pulumi.Output<string>;
  /** Name of cert-manager's Certificate. */
  readonly certificate: pulumi.Output<string>;
  /** Name of the Secret with the certificate. */
  readonly secretName: pulumi.Output<string>;
  /** The certificate's names. */
  readonly dnsNames: pulumi.Output<readonly string[]>;

  /**
   * @param name the component's name; its children are named after it
   * @param args see {@link IngressCertificateArgs}
   * @param opts options of the component
   * @throws ArgumentError when an argument is wrong
   */
  constructor(name: string, args: IngressCertificateArgs, opts?: pulumi.ComponentResourceOptions) {
    const { cluster, credential, directoryUrl } = args;
    refuseWrongArguments(`IngressCertificate "${name}"`, wrongArguments(args));
    const place = ingressPlace(args);
    super(componentTypes.ingress, name, {}, inCluster(cluster, opts));
    const children = ingressChildren(name);
    const secretOf = ingressCredentialSecret[credential.dnsProvider];
    const issuer = issuerName(pulumi.getStack(), directoryUrl);

    const namespace = new Namespace(
      children.namespace,
      { metadata: { name: place.namespace } },
      {
        parent: this,
        // Like the provider's namespace, this one contains objects of others.
        retainOnDelete: true,
        ignoreChanges: ["metadata.annotations", "metadata.labels", "spec"],
      },
    );
    const metadata = {
      namespace: namespace.metadata.name,
      labels: { "app.kubernetes.io/managed-by": "pulumi" },
    };
    const possible = possibleHook(`${name}-possible`, cluster, place, secretOf.name);
    const webhook = webhookHook(name, {
      kubeContext: cluster.context,
      kubeconfig: cluster.kubeconfigPath,
    });

    const content = pulumi.secret(credential.content ?? "");
    const digest = pulumi.unsecret(content.apply((text) => digestOf(text)));
    const proof = proofHooks(`${name}-proof`, credential, secretOf.key);
    const secret = new Secret(
      children.dnsCredential,
      {
        metadata: {
          ...metadata,
          name: secretOf.name,
          annotations: {
            ...secretAnnotations(credential, digest),
            ...takeOver,
            [ownerAnnotation]: owner(),
          },
        },
        data: {
          [secretOf.key]: content.apply((text) => Buffer.from(text).toString("base64")),
        },
      },
      {
        parent: this,
        ignoreChanges: ["type"],
        hooks: {
          beforeCreate: [cluster.sameHook, possible, ...(proof.beforeCreate ?? [])],
          beforeUpdate: [cluster.sameHook, ...(proof.beforeUpdate ?? [])],
        },
      },
    );

    const apiVersion = `${certManagerApi.group}/${certManagerApi.version}`;
    const issuerResource = new CustomResource(
      children.issuer,
      {
        apiVersion,
        kind: issuerKind,
        metadata: { ...metadata, name: issuer, annotations: takeOver },
        spec: {
          acme: {
            server: directoryUrl,
            email: args.email,
            privateKeySecretRef: { name: accountKeySecret(issuer) },
            solvers: [{ dns01: solver(credential, secretOf) }],
          },
        },
      },
      {
        parent: this,
        dependsOn: [secret],
        hooks: {
          beforeCreate: [cluster.sameHook, possible],
          beforeUpdate: [cluster.sameHook],
          onError: [webhook],
        },
      },
    );
    const certificate = new CustomResource(
      children.certificate,
      {
        apiVersion,
        kind: "Certificate",
        metadata: {
          ...metadata,
          name: wildcardCertificate,
          annotations: { ...takeOver, [ownerAnnotation]: owner() },
        },
        spec: {
          secretName: place.secretName,
          dnsNames: [...place.dnsNames],
          issuerRef: { group: certManagerApi.group, kind: issuerKind, name: issuer },
          // A new key with each renewal. Before cert-manager 1.18, the default was to reuse the key.
          privateKey: { rotationPolicy: "Always" },
        },
      },
      {
        parent: this,
        dependsOn: [issuerResource],
        // Two Certificates cannot have the same name, and the Secret remains meanwhile.
        deleteBeforeReplace: true,
        hooks: {
          beforeCreate: [cluster.sameHook, possible],
          beforeUpdate: [cluster.sameHook, possible],
          ...(credential.managed &&
            args.deleteHook !== undefined && { beforeDelete: [args.deleteHook] }),
          onError: [webhook],
        },
      },
    );

    this.namespace = namespace.metadata.name;
    this.certificate = certificate.metadata.name;
    this.secretName = certificate.id.apply(() => place.secretName);
    this.dnsNames = pulumi.output([...place.dnsNames]);
    this.registerOutputs({
      namespace: this.namespace,
      certificate: this.certificate,
      secretName: this.secretName,
      dnsNames: this.dnsNames,
    });
  }
}

/**
 * Registers the hook that reports what remains after the certificate's deletion: its Secret, which tenants' traffic needs.
 * Pulumi finds a delete hook by its name in the state. Therefore register the hook in every run, even if the program no
 * longer has an IngressCertificate.
 *
 * @param component the name of the IngressCertificate
 * @param cluster the component's cluster, for commands
 */
export function certificateDeleteHook(component: string, cluster: Cluster): pulumi.ResourceHook {
  return resourceHook(`${component}-certificate-delete`, async ({ oldInputs }) => {
    const { metadata, spec } = oldInputs as {
      readonly metadata: { readonly namespace: string };
      readonly spec: { readonly secretName: string };
    };
    const { namespace } = metadata;
    const { context: kubeContext, kubeconfigPath: kubeconfig } = cluster;
    const remove = kubectl(
      { namespace, kubeContext, kubeconfig },
      shell`delete secret ${spec.secretName}`,
    );
    await pulumi.log.warn(
      `The Secret ${spec.secretName} in namespace ${namespace} was not deleted, since the Gateway serves tenants with its certificate, which is no longer renewed. When nothing needs the Secret: ${remove}`,
    );
  });
}

/** A hook before a creation, also in a preview; see {@link refuseUnusableIngress}. */
function possibleHook(
  name: string,
  cluster: Cluster,
  place: IngressPlace,
  secret: string,
): pulumi.ResourceHook {
  return resourceHook(
    name,
    async ({ oldInputs, newInputs }) => {
      // No check for a deployed certificate, unless its Secret changes.
      if (secretNameIn(oldInputs) !== secretNameIn(newInputs) || oldInputs === undefined) {
        await refuseUnusableIngress(cluster, place, secret);
      }
    },
    { onDryRun: true },
  );
}

function secretNameIn(inputs: object | undefined): unknown {
  return (inputs as { readonly spec?: { readonly secretName?: unknown } } | undefined)?.spec
    ?.secretName;
}

/** The Issuer's DNS-01 solver (https://cert-manager.io/docs/configuration/acme/dns01). */
function solver(
  { dnsProvider, managedZone }: DnsCredential,
  secret: { readonly name: string; readonly key: string },
): object {
  switch (dnsProvider) {
    case "googleCloud":
      return {
        cloudDNS: {
          project: managedZone?.project,
          // With the zone's name, cert-manager does not list the project's zones, so that a grant on the zone suffices.
          hostedZoneName: managedZone?.name,
          serviceAccountSecretRef: secret,
        },
      };
    case "cloudflare":
      return { cloudflare: { apiTokenSecretRef: secret } };
  }
}

function wrongArguments(
  args: IngressCertificateArgs,
): Readonly<Record<string, string | undefined>> {
  const { namespace, secretName, names = [] } = args;
  // The credential may be missing in an untyped program.
  const credential = args.credential as DnsCredential | undefined;
  return {
    cluster: missing(args.cluster),
    domain: wrongHostName(args.domain),
    ...Object.fromEntries(
      names.map((name, index) => [`names[${index}]`, wrongHostName(name.replace(/^\*\./, ""))]),
    ),
    namespace: namespace === undefined ? undefined : wrongLabel(namespace),
    secretName: secretName === undefined ? undefined : wrongLabel(secretName),
    email: missingText(args.email),
    directoryUrl: missingText(args.directoryUrl),
    credential: missing(credential) ?? (credential && wrongCredential(credential, args)),
  };
}

function wrongCredential(
  { content, dnsProvider, managed }: DnsCredential,
  { namespace = defaultGatewayNamespace }: IngressCertificateArgs,
): string | undefined {
  if (content === undefined) {
    return "has no content to store: Workload Identity is only for the provider's pod, not for cert-manager";
  }
  const { name } = ingressCredentialSecret[dnsProvider];
  const isConsumer =
    managed?.consumers.some(
      (consumer) => consumer.namespace === namespace && consumer.secret === name,
    ) ?? true;
  return isConsumer
    ? undefined
    : `has no consumer with the Secret ${name} in namespace ${namespace}: add ingressConsumer with this domain and namespace to its consumers`;
}
