import * as pulumi from "@pulumi/pulumi";
import type { ApisApi, CoreV1Api, CustomObjectsApi } from "@kubernetes/client-node";
import { wildcardCertificate, wildcardListener } from "../../chart/gateway.ts";
import { kubectl, helm, type CommandTarget } from "../../lib/clusterCommand.ts";
import type { ClusterAccess } from "../../lib/clusterAccess.ts";
import { messageOf, UserError } from "../../lib/errors.ts";
import { unlessMissing } from "../../lib/kubernetesApi.ts";
import { joined, shell, verbatim, type ShellText } from "../../lib/shell.ts";
import { oncePerCluster } from "../oncePerCluster.ts";
import { owner, ownerAnnotation } from "../owner.ts";
import {
  certManagerApi,
  certManagerVersion,
  type Certificate,
  type ObjectMetadata,
} from "./certManager.ts";
import type { GatewayPlace, IngressPlace } from "./place.ts";
import { refuseMissingIngressRights } from "./rights.ts";

/** The cluster, as far as it is looked at here. */
export interface IngressCluster {
  readonly context: string | undefined;
  readonly kubeconfigPath: string | undefined;
  readonly coreApi: () => Promise<Pick<CoreV1Api, "readNamespacedSecret">>;
  readonly customObjectsApi: () => Promise<
    Pick<
      CustomObjectsApi,
      "getAPIResources" | "getNamespacedCustomObject" | "listNamespacedCustomObject"
    >
  >;
  readonly apisApi: () => Promise<Pick<ApisApi, "getAPIVersions">>;
  readonly access: () => Promise<ClusterAccess>;
}

const looked = oncePerCluster();

/**
 * Refuses what would leave the tenants' ingress without the certificate, or with one that two write: rights are missing,
 * cert-manager's types are not there, somebody else fills the Secret, or the Gateway does not read it. A Gateway that is not there yet, or
 * cannot be seen, is a warning.
 *
 * @param cluster where the certificate is to be
 * @param place where in it
 * @param credentialSecret name of the Secret with the credential
 * @throws RunError with the command that mends it
 */
export function refuseUnusableIngress(
  cluster: IngressCluster,
  place: IngressPlace,
  credentialSecret: string,
): Promise<void> {
  const key = JSON.stringify([place, credentialSecret]);
  return looked(cluster, key, () => look(cluster, place, credentialSecret));
}

async function look(
  cluster: IngressCluster,
  place: IngressPlace,
  credentialSecret: string,
): Promise<void> {
  await refuseMissingIngressRights(cluster, place);
  await refuseMissingTypes(cluster, place);
  await refuseOtherWriters(cluster, place);
  await refuseOthersSecret(cluster, place, credentialSecret);
  await refuseOtherListener(cluster, place);
}

function refusal(problem: string, command: ShellText): pulumi.RunError {
  return new pulumi.RunError(`${problem}\n      ${command}\nNothing was changed.`);
}

function target({ context, kubeconfigPath }: IngressCluster, namespace?: string): CommandTarget {
  return { namespace, kubeContext: context, kubeconfig: kubeconfigPath };
}

async function refuseMissingTypes(
  cluster: IngressCluster,
  { dnsNames: [name] }: IngressPlace,
): Promise<void> {
  const custom = await cluster.customObjectsApi();
  const served = await unlessMissing(custom.getAPIResources(certManagerApi));
  const types = served?.resources.map((resource) => resource.name) ?? [];
  if (["certificates", "issuers"].every((type) => types.includes(type))) {
    return;
  }
  const { group, version } = certManagerApi;
  const { groups } = await (await cluster.apisApi()).getAPIVersions();
  const versions = groups.find((one) => one.name === group)?.versions.map((one) => one.version);
  const chart = shell`cert-manager oci://quay.io/jetstack/charts/cert-manager --version ${certManagerVersion}`;
  throw versions === undefined
    ? refusal(
        `cert-manager obtains the certificate for ${name}, and the cluster does not have it: there are no types of ${group}. It is installed with`,
        helm(
          target(cluster, "cert-manager"),
          shell`install ${verbatim(chart)} --create-namespace --set crds.enabled=true`,
        ),
      )
    : refusal(
        `cert-manager obtains the certificate for ${name}, and the cluster's serves ${group} in the version ${versions.join(", ")}, without Certificates and Issuers in ${version}. It is upgraded with`,
        helm(
          target(cluster, "cert-manager"),
          shell`upgrade --install ${verbatim(chart)} --reuse-values --set crds.enabled=true`,
        ),
      );
}

/** How cert-manager is told by an object of another kind to make a Certificate (https://cert-manager.io/docs/usage). */
const makers: Readonly<
  Record<string, { readonly group: string; readonly version: string; readonly plural: string }>
> = {
  Ingress: { group: "networking.k8s.io", version: "v1", plural: "ingresses" },
  Gateway: { group: "gateway.networking.k8s.io", version: "v1", plural: "gateways" },
};
const defaultIssuerAnnotation = "kubernetes.io/tls-acme";
const makerAnnotations = [
  "cert-manager.io/issuer",
  "cert-manager.io/cluster-issuer",
  defaultIssuerAnnotation,
];

/** An Ingress, or a Gateway, as far as cert-manager makes Certificates for it. */
interface CertificateMaker {
  readonly metadata?: ObjectMetadata;
  readonly spec?: {
    readonly tls?: readonly { readonly secretName?: string }[];
    readonly listeners?: readonly Listener[];
  };
}

/** A listener of a Gateway. */
interface Listener {
  readonly name: string;
  readonly hostname?: string;
  readonly protocol?: string;
  readonly tls?: { readonly certificateRefs?: readonly SecretReference[] };
}

interface SecretReference {
  readonly kind?: string;
  readonly name: string;
  readonly namespace?: string;
}

async function refuseOtherWriters(cluster: IngressCluster, place: IngressPlace): Promise<void> {
  const { namespace, secretName } = place;
  const custom = await cluster.customObjectsApi();
  for (const [kind, type] of Object.entries(makers)) {
    const list = custom.listNamespacedCustomObject({ ...type, namespace }) as Promise<
      List<CertificateMaker>
    >;
    const writer = (await unlessMissing(list))?.items.find((maker) =>
      asksFor(maker, secretName, namespace),
    );
    if (writer !== undefined) {
      const { name = "", annotations = {} } = writer.metadata ?? {};
      const removed = makerAnnotations.filter((annotation) => annotation in annotations);
      const annotate = shell`annotate ${type.plural} ${name} ${verbatim(
        joined(
          removed.map((one) => shell`${one}-`),
          " ",
        ),
      )}`;
      throw refusal(
        `The ${kind} ${name} in namespace ${namespace} has cert-manager fill the Secret ${secretName} as well, by its annotation ${removed.join(" and ")}. To hand the Secret over, without a moment in which it is missing, take the annotation away, and then what was made by it:`,
        joined(
          [
            kubectl(target(cluster, namespace), annotate),
            removeCertificate(cluster, namespace, secretName),
          ],
          " && ",
        ),
      );
    }
  }
  const certificates = (await custom.listNamespacedCustomObject({
    ...certManagerApi,
    plural: "certificates",
    namespace,
  })) as List<Certificate>;
  for (const found of certificates.items) {
    refuseOtherCertificate(cluster, place, found);
  }
}

interface List<Item> {
  readonly items: readonly Item[];
}

function asksFor(
  { metadata, spec }: CertificateMaker,
  secretName: string,
  namespace: string,
): boolean {
  const references = (spec?.listeners ?? [])
    .flatMap(({ tls }) => tls?.certificateRefs ?? [])
    .filter((reference) => (reference.namespace ?? namespace) === namespace)
    .map(({ name }) => name);
  const secrets = [...(spec?.tls ?? []).map((one) => one.secretName), ...references];
  return (
    makerAnnotations.some((annotation) => asks(metadata?.annotations?.[annotation], annotation)) &&
    secrets.includes(secretName)
  );
}

/** Whether an annotation says so: that of the default issuer does by its value (cert-manager, pkg/controller/certificate-shim). */
function asks(value: string | undefined, annotation: string): boolean {
  return (
    value !== undefined && (annotation !== defaultIssuerAnnotation || /^(1|t|true)$/i.test(value))
  );
}

/** Its dependants stay, and so does the Secret, which may be one of them. */
function removeCertificate(cluster: IngressCluster, namespace: string, name: string): ShellText {
  return kubectl(
    target(cluster, namespace),
    shell`delete certificates.cert-manager.io ${name} --cascade=orphan --ignore-not-found`,
  );
}

function refuseOtherCertificate(
  cluster: IngressCluster,
  { dnsNames, namespace, secretName }: IngressPlace,
  { metadata, spec }: Certificate,
): void {
  const { name = "", annotations } = metadata ?? {};
  const other = annotations?.[ownerAnnotation];
  if (other === owner() || (spec?.secretName !== secretName && name !== wildcardCertificate)) {
    return;
  }
  const stack = pulumi.getStack();
  if (other !== undefined) {
    const theirs = other.split("/").at(-1) ?? other;
    throw refusal(
      `The Certificate ${name} in namespace ${namespace} belongs to the stack ${other}. The Secret ${secretName} stays when that stack gives the certificate up:`,
      shell`pulumi config rm -s ${theirs} wildcard && pulumi up -s ${theirs}`,
    );
  }
  const lost = (spec?.dnsNames ?? []).filter((one) => !dnsNames.includes(one));
  const added = lost.map(
    (one, index) =>
      shell`pulumi config set -s ${stack} --path ${`wildcard.names[${dnsNames.length - 1 + index}]`} ${one}`,
  );
  const covers =
    lost.length === 0
      ? ""
      : ` It is for ${lost.join(" and ")}, too, which the first command keeps.`;
  throw refusal(
    spec?.secretName === secretName
      ? `The Certificate ${name} in namespace ${namespace}, which is not this stack's, has cert-manager fill the Secret ${secretName} as well.${covers} To hand the Secret over, with its certificate in it until the new one takes its place:`
      : `There is a Certificate ${name} in namespace ${namespace} already, which is not this stack's and fills the Secret ${spec?.secretName ?? ""}. Nothing renews that one any more after`,
    joined([...added, removeCertificate(cluster, namespace, name)], " && "),
  );
}

/** A credential of somebody else's would be overwritten. */
async function refuseOthersSecret(
  cluster: IngressCluster,
  { namespace }: IngressPlace,
  name: string,
): Promise<void> {
  const core = await cluster.coreApi();
  const found = await unlessMissing(core.readNamespacedSecret({ namespace, name }));
  if (found !== undefined && found.metadata?.annotations?.[ownerAnnotation] !== owner()) {
    throw refusal(
      `There is a Secret ${name} in namespace ${namespace} already, which is not this stack's, and the DNS credential would take its place. If nothing needs it:`,
      kubectl(target(cluster, namespace), shell`delete secret ${name}`),
    );
  }
}

async function refuseOtherListener(cluster: IngressCluster, place: IngressPlace): Promise<void> {
  if (place.gateway === undefined) {
    return;
  }
  const { name, namespace } = place.gateway;
  const custom = await cluster.customObjectsApi();
  let found: CertificateMaker | undefined;
  try {
    found = (await unlessMissing(
      custom.getNamespacedCustomObject({ ...gatewayApi, plural: "gateways", namespace, name }),
    )) as CertificateMaker | undefined;
  } catch (error) {
    if (!(error instanceof UserError)) {
      throw error;
    }
    await pulumi.log.warn(
      `Whether the Gateway ${name} in namespace ${namespace} serves the wildcard certificate cannot be seen: ${messageOf(error)}`,
    );
    return;
  }
  const [wildcard] = place.dnsNames;
  const listener = listenerFor(wildcard, found?.spec?.listeners ?? []);
  if (listener === undefined) {
    await pulumi.log.warn(
      found === undefined
        ? `There is no Gateway ${name} in namespace ${namespace} yet, which is to serve the certificate for ${wildcard} from the Secret ${place.secretName}.`
        : `The Gateway ${name} in namespace ${namespace} has no listener for ${wildcard}, so that nothing serves its certificate. Akash's gateway chart makes one, ${wildcardListener}, with gateway.https.enabled.`,
    );
    return;
  }
  await refuseReference(cluster, place, place.gateway, listener);
}

/** The listener that serves a host's certificate: one of the host itself, be it of any name, before the one of Akash's name. */
function listenerFor(hostname: string, listeners: readonly Listener[]): Listener | undefined {
  // Without TLS it serves none, such as one on port 80 that redirects.
  const secure = listeners.filter(({ protocol }) => protocol !== "HTTP");
  return (
    secure.find((one) => one.hostname === hostname) ??
    secure.find((one) => one.name === wildcardListener)
  );
}

const gatewayApi = { group: "gateway.networking.k8s.io", version: "v1" } as const;

async function refuseReference(
  cluster: IngressCluster,
  { namespace, secretName }: IngressPlace,
  gateway: GatewayPlace,
  { name: listener, tls }: Listener,
): Promise<void> {
  const references = (tls?.certificateRefs ?? []).filter(
    ({ kind }) => (kind ?? "Secret") === "Secret",
  );
  const ours = references.some(
    (one) => one.name === secretName && (one.namespace ?? gateway.namespace) === namespace,
  );
  if (!ours) {
    const [first] = references;
    const set = (option: string, value: string) =>
      shell`pulumi config set -s ${pulumi.getStack()} --path ${`wildcard.${option}`} ${value}`;
    const where = `The listener ${listener} of the Gateway ${gateway.name} in namespace ${gateway.namespace}`;
    throw first === undefined
      ? refusal(
          `${where} names no Secret with a certificate, so that it would not serve the one in ${secretName}. Name it there:`,
          kubectl(target(cluster, gateway.namespace), shell`edit gateways ${gateway.name}`),
        )
      : refusal(
          `${where} serves the certificate in the Secret ${first.name} of namespace ${first.namespace ?? gateway.namespace}, and this stack's goes into ${secretName} of namespace ${namespace}. To have it go where the listener looks:`,
          joined(
            [set("secretName", first.name), set("namespace", first.namespace ?? gateway.namespace)],
            " && ",
          ),
        );
  }
  if (gateway.namespace !== namespace) {
    await refuseMissingGrant(cluster, namespace, secretName, gateway);
  }
}

/** A grant to read across namespaces (https://gateway-api.sigs.k8s.io/api-types/referencegrant). */
interface ReferenceGrant {
  readonly spec?: {
    readonly from?: readonly { readonly kind: string; readonly namespace: string }[];
    readonly to?: readonly { readonly kind: string; readonly name?: string }[];
  };
}

/** The versions in which the Gateway API serves grants, the newer one first. */
const grantVersions = ["v1", "v1beta1"] as const;

async function refuseMissingGrant(
  cluster: IngressCluster,
  namespace: string,
  secretName: string,
  gateway: GatewayPlace,
): Promise<void> {
  const custom = await cluster.customObjectsApi();
  for (const version of grantVersions) {
    const type = { group: gatewayApi.group, version, plural: "referencegrants" };
    const list = custom.listNamespacedCustomObject({ ...type, namespace }) as Promise<
      List<ReferenceGrant>
    >;
    const grants = await unlessMissing(list);
    if (grants !== undefined) {
      if (grants.items.some((grant) => allows(grant, secretName, gateway))) {
        return;
      }
      const manifest = {
        apiVersion: `${type.group}/${version}`,
        kind: "ReferenceGrant",
        metadata: { name: secretName, namespace },
        spec: {
          from: [{ group: type.group, kind: "Gateway", namespace: gateway.namespace }],
          to: [{ group: "", kind: "Secret", name: secretName }],
        },
      };
      throw refusal(
        `The Gateway ${gateway.name} in namespace ${gateway.namespace} may not read the Secret ${secretName} in namespace ${namespace}, which takes a ReferenceGrant there:`,
        joined(
          [shell`echo ${JSON.stringify(manifest)}`, kubectl(target(cluster), shell`apply -f -`)],
          " | ",
        ),
      );
    }
  }
}

function allows({ spec }: ReferenceGrant, secretName: string, gateway: GatewayPlace): boolean {
  const isFrom = spec?.from?.some(
    ({ kind, namespace }) => kind === "Gateway" && namespace === gateway.namespace,
  );
  const isTo = spec?.to?.some(
    ({ kind, name }) => kind === "Secret" && (name ?? secretName) === secretName,
  );
  return isFrom === true && isTo === true;
}
