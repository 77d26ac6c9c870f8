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
  issuerName,
} from "./certManager.ts";
import { ingressPlace, type IngressPlace, type IngressPlaceArgs } from "./place.ts";
import { refuseUnusableIngress } from "./preconditions.ts";

/**
 * Has what is there taken over, whoever wrote it: where the stack's state was lost it is the stack's own, and others' is refused
 * beforehand (https://www.pulumi.com/registry/packages/kubernetes/how-to-guides/managing-resources-with-server-side-apply).
 */
const taken = { "pulumi.com/patchForce": "true" } as const;

/** Arguments of {@link IngressCertificate}. */
export interface IngressCertificateArgs extends IngressPlaceArgs {
  /** The cluster, which has cert-manager. */
  readonly cluster: Cluster;
  /** The credential for DNS-01, which is told this consumer. One without content, as on GKE, does not do. */
  readonly credential: DnsCredential;
  /** The CA's ACME directory. Plain, since the name of the Issuer comes from it. */
  readonly directoryUrl: string;
  /** E-mail address for the account at the CA. */
  readonly email: pulumi.Input<string>;
  /** What {@link certificateDeleteHook} has registered. Default: nothing is said when the certificate is given up. */
  readonly deleteHook?: pulumi.ResourceHook | undefined;
}

/**
 * The certificate of the tenants' ingress, `*.ingress.<domain>`, which Akash's gateway serves on port 443. cert-manager
 * obtains and renews it, by DNS-01 with the same credential as the provider's own.
 *
 * cert-manager has the certificate about a minute after the run, which does not wait for it.
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
  /** Name of the Secret that cert-manager puts the certificate into. */
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
        // As that of the provider: others' things are in it.
        retainOnDelete: true,
        ignoreChanges: ["metadata.annotations", "metadata.labels", "spec"],
      },
    );
    const metadata = {
      namespace: namespace.metadata.name,
      labels: { "app.kubernetes.io/managed-by": "pulumi" },
    };
    const possible = possibleHook(`${name}-possible`, cluster, place, secretOf.name);

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
            ...taken,
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
    const made = new CustomResource(
      children.issuer,
      {
        apiVersion,
        kind: "Issuer",
        metadata: { ...metadata, name: issuer, annotations: taken },
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
        hooks: { beforeCreate: [cluster.sameHook, possible], beforeUpdate: [cluster.sameHook] },
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
          annotations: { ...taken, [ownerAnnotation]: owner() },
        },
        spec: {
          secretName: place.secretName,
          dnsNames: [...place.dnsNames],
          issuerRef: { group: certManagerApi.group, kind: "Issuer", name: issuer },
          // A new key with each renewal, also before cert-manager 1.18, which reused it otherwise.
          privateKey: { rotationPolicy: "Always" },
        },
      },
      {
        parent: this,
        dependsOn: [made],
        // Two of one name cannot be there, and the Secret stays meanwhile.
        deleteBeforeReplace: true,
        hooks: {
          beforeCreate: [cluster.sameHook, possible],
          beforeUpdate: [cluster.sameHook, possible],
          ...(credential.managed &&
            args.deleteHook !== undefined && { beforeDelete: [args.deleteHook] }),
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
 * Registers the hook that says what stays when the stack gives the certificate up: its Secret, which tenants' traffic
 * hangs on. Pulumi looks a delete hook up by the name that the state has for it, so register it in every run, also where
 * the program has no IngressCertificate any more.
 *
 * @param component the name of the IngressCertificate
 * @param cluster its cluster, for commands
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
      `The Secret ${spec.secretName} in namespace ${namespace} stays, since the Gateway serves tenants with its certificate, which nobody renews from now on. When nothing needs it: ${remove}`,
    );
  });
}

/** A hook for before something is made, also in a preview; see {@link refuseUnusableIngress}. */
function possibleHook(
  name: string,
  cluster: Cluster,
  place: IngressPlace,
  secret: string,
): pulumi.ResourceHook {
  return resourceHook(
    name,
    async ({ oldInputs, newInputs }) => {
      // What is deployed goes on: others have to be looked for where the certificate goes elsewhere alone.
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

/** How cert-manager answers challenges (https://cert-manager.io/docs/configuration/acme/dns01). */
function solver(
  { dnsProvider, managedZone }: DnsCredential,
  secret: { readonly name: string; readonly key: string },
): object {
  switch (dnsProvider) {
    case "googleCloud":
      return {
        cloudDNS: {
          project: managedZone?.project,
          // With the zone's name it does not list the project's, so that a grant on the one zone suffices.
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
  // It may be missing where nobody checks types.
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
    return "has no content to be stored: cert-manager is no pod that acts as a service account itself";
  }
  const { name } = ingressCredentialSecret[dnsProvider];
  const isTold =
    managed?.consumers.some(
      (consumer) => consumer.namespace === namespace && consumer.secret === name,
    ) ?? true;
  return isTold
    ? undefined
    : `is not told that the Secret ${name} in namespace ${namespace} carries it: hand it ingressConsumer with this domain and namespace`;
}
