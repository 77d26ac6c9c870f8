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

/** The cluster, with the APIs that the checks use. */
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

const checked = oncePerCluster();

/**
 * Fails where the tenants' ingress would have no certificate, or one with two writers: permissions or cert-manager's types
 * are missing, another Certificate fills the Secret, or the Gateway does not read the Secret. For a Gateway that does not
 * exist yet or cannot be read, prints a warning.
 *
 * @param cluster the certificate's cluster
 * @param place the certificate's place in the cluster
 * @param credentialSecret name of the Secret with the credential
 * @throws RunError with the command that fixes the problem
 */
export function refuseUnusableIngress(
  cluster: IngressCluster,
  place: IngressPlace,
  credentialSecret: string,
): Promise<void> {
  const key = JSON.stringify([place, credentialSecret]);
  return checked(cluster, key, () => checkAll(cluster, place, credentialSecret));
}

async function checkAll(
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
        `The certificate for ${name} needs cert-manager, which the cluster does not have: it serves no types of ${group}. Install cert-manager with`,
        helm(
          target(cluster, "cert-manager"),
          shell`install ${verbatim(chart)} --create-namespace --set crds.enabled=true`,
        ),
      )
    : refusal(
        `The certificate for ${name} needs cert-manager with Certificates and Issuers in ${version}, but the cluster serves ${group} in the version ${versions.join(", ")}. Upgrade cert-manager with`,
        helm(
          target(cluster, "cert-manager"),
          shell`upgrade --install ${verbatim(chart)} --reuse-values --set crds.enabled=true`,
        ),
      );
}

/** The other types of objects for which cert-manager creates Certificates (https://cert-manager.io/docs/usage). */
const annotatedTypes: Readonly<
  Record<string, { readonly group: string; readonly version: string; readonly plural: string }>
> = {
  Ingress: { group: "networking.k8s.io", version: "v1", plural: "ingresses" },
  Gateway: { group: "gateway.networking.k8s.io", version: "v1", plural: "gateways" },
};
const defaultIssuerAnnotation = "kubernetes.io/tls-acme";
const issuerAnnotations = [
  "cert-manager.io/issuer",
  "cert-manager.io/cluster-issuer",
  defaultIssuerAnnotation,
];

/** An Ingress or a Gateway, with the fields that cert-manager uses for Certificates. */
interface AnnotatedObject {
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
  for (const [kind, type] of Object.entries(annotatedTypes)) {
    const list = custom.listNamespacedCustomObject({ ...type, namespace }) as Promise<
      List<AnnotatedObject>
    >;
    const writer = (await unlessMissing(list))?.items.find((object) =>
      requestsCertificate(object, secretName, namespace),
    );
    if (writer !== undefined) {
      const { name = "", annotations = {} } = writer.metadata ?? {};
      const removed = issuerAnnotations.filter((annotation) => annotation in annotations);
      const annotate = shell`annotate ${type.plural} ${name} ${verbatim(
        joined(
          removed.map((one) => shell`${one}-`),
          " ",
        ),
      )}`;
      throw refusal(
        `For the ${kind} ${name} in namespace ${namespace}, cert-manager fills the Secret ${secretName} as well, because of the annotation ${removed.join(" and ")}. To hand over the Secret without deleting it, remove the annotation, and then the Certificate that cert-manager created for it:`,
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

function requestsCertificate(
  { metadata, spec }: AnnotatedObject,
  secretName: string,
  namespace: string,
): boolean {
  const references = (spec?.listeners ?? [])
    .flatMap(({ tls }) => tls?.certificateRefs ?? [])
    .filter((reference) => (reference.namespace ?? namespace) === namespace)
    .map(({ name }) => name);
  const secrets = [...(spec?.tls ?? []).map((one) => one.secretName), ...references];
  return (
    issuerAnnotations.some((annotation) =>
      isEffective(metadata?.annotations?.[annotation], annotation),
    ) && secrets.includes(secretName)
  );
}

/** Whether an annotation is effective. The default issuer's depends on its value (cert-manager, pkg/controller/certificate-shim). */
function isEffective(value: string | undefined, annotation: string): boolean {
  return (
    value !== undefined && (annotation !== defaultIssuerAnnotation || /^(1|t|true)$/i.test(value))
  );
}

/** The command keeps the dependents, to which the Secret may belong. */
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
      `The Certificate ${name} in namespace ${namespace} belongs to the stack ${other}. The Secret ${secretName} remains when that stack removes the certificate:`,
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
      : ` It also covers ${lost.join(" and ")}, which the first command adds to this stack.`;
  throw refusal(
    spec?.secretName === secretName
      ? `The Certificate ${name} in namespace ${namespace} does not belong to this stack, and fills the Secret ${secretName} as well.${covers} To hand over the Secret, which keeps its certificate until the new one replaces it:`
      : `The Certificate ${name} in namespace ${namespace} exists already, does not belong to this stack and fills the Secret ${spec?.secretName ?? ""}. To delete it, after which the certificate in that Secret is no longer renewed:`,
    joined([...added, removeCertificate(cluster, namespace, name)], " && "),
  );
}

/** Another owner's credential would be overwritten. */
async function refuseOthersSecret(
  cluster: IngressCluster,
  { namespace }: IngressPlace,
  name: string,
): Promise<void> {
  const core = await cluster.coreApi();
  const found = await unlessMissing(core.readNamespacedSecret({ namespace, name }));
  if (found !== undefined && found.metadata?.annotations?.[ownerAnnotation] !== owner()) {
    throw refusal(
      `The Secret ${name} in namespace ${namespace} exists already and does not belong to this stack. The DNS credential would replace its content. If nothing needs the Secret:`,
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
  let found: AnnotatedObject | undefined;
  try {
    found = (await unlessMissing(
      custom.getNamespacedCustomObject({ ...gatewayApi, plural: "gateways", namespace, name }),
    )) as AnnotatedObject | undefined;
  } catch (error) {
    if (!(error instanceof UserError)) {
      throw error;
    }
    await pulumi.log.warn(
      `It is unknown whether the Gateway ${name} in namespace ${namespace} serves the wildcard certificate, since the Gateway cannot be read: ${messageOf(error)}`,
    );
    return;
  }
  const [wildcard] = place.dnsNames;
  const listener = listenerFor(wildcard, found?.spec?.listeners ?? []);
  if (listener === undefined) {
    await pulumi.log.warn(
      found === undefined
        ? `The Gateway ${name} in namespace ${namespace} does not exist yet. It must serve the certificate for ${wildcard} from the Secret ${place.secretName}.`
        : `The Gateway ${name} in namespace ${namespace} has no listener for ${wildcard}, so the certificate is not served. Akash's gateway chart creates the listener ${wildcardListener} with gateway.https.enabled.`,
    );
    return;
  }
  await refuseReference(cluster, place, place.gateway, listener);
}

/** The listener that serves a host's certificate: preferably one for exactly the host, else the one with Akash's name. */
function listenerFor(hostname: string, listeners: readonly Listener[]): Listener | undefined {
  // A listener without TLS serves no certificate, such as one on port 80 that redirects.
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
          `${where} references no Secret, so it would not serve the certificate in ${secretName}. Add the reference:`,
          kubectl(target(cluster, gateway.namespace), shell`edit gateways ${gateway.name}`),
        )
      : refusal(
          `${where} serves the certificate in the Secret ${first.name} of namespace ${first.namespace ?? gateway.namespace}, but this stack's certificate is in ${secretName} of namespace ${namespace}. To use the listener's Secret:`,
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

/** A permission to read across namespaces (https://gateway-api.sigs.k8s.io/api-types/referencegrant). */
interface ReferenceGrant {
  readonly spec?: {
    readonly from?: readonly { readonly kind: string; readonly namespace: string }[];
    readonly to?: readonly { readonly kind: string; readonly name?: string }[];
  };
}

/** The versions of ReferenceGrants in the Gateway API, the newer one first. */
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
        `The Gateway ${gateway.name} in namespace ${gateway.namespace} may not read the Secret ${secretName} in namespace ${namespace}. Create a ReferenceGrant in that namespace:`,
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
