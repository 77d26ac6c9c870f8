import { z } from "zod";
import { decodeParameters, parametersAnnotation, type Parameters } from "../chart/parameters.ts";
import {
  credentialSecretName,
  defaultTimeout,
  providerHost,
  releaseNames,
  type ReleaseNames,
} from "../chart/release.ts";
import { resourceTypes } from "../components/names.ts";
import { UserError } from "../lib/errors.ts";
import { type ClusterChoice } from "../lib/kubeconfig.ts";
import type { StateResource } from "./stackState.ts";
import { wildcardExpectation, type WildcardExpectation } from "./wildcardExpectation.ts";
import { shell } from "../lib/shell.ts";

/** A stack's expectations of its provider. */
export interface Expectation {
  readonly stack: string;
  readonly namespace: string;
  readonly releaseName: string;
  readonly names: ReleaseNames;
  /** The timeout of a Helm operation of the stack, in seconds. */
  readonly timeout: number;
  /** The last revision that the stack created. */
  readonly revision: number | undefined;
  readonly kubeContext: string | undefined;
  /** Path of the stack's own kubeconfig; none if the environment's applies, or the stack has its content. */
  readonly kubeconfig: string | undefined;
  /** The content of the stack's own kubeconfig: a secret, never in a message. */
  readonly kubeconfigContent?: string | undefined;
  /** The host of the certificate. */
  readonly host: string;
  readonly domain: string;
  readonly email: string;
  readonly directoryUrl: string;
  readonly challenge: Parameters["challenge"];
  /** The digest of the stack's wallet (chart/walletDigest.ts). */
  readonly walletDigest: string;
  /** The credential that the stack created; none under HTTP-01, or with a provided credential. */
  readonly created: CreatedCredential | undefined;
  /**
   * Whether the stack's first deployment has started but not succeeded. Then only the provider's intended location is
   * known. Default: it has succeeded.
   */
  readonly isUnfinished?: boolean;
  /** The certificate of the tenants' ingress; undefined if the stack has none. */
  readonly wildcard: WildcardExpectation | undefined;
}

/** The state's data of a credential that the stack created. */
export interface CreatedCredential {
  /** The cloud's id of the credential. */
  readonly id: string | undefined;
  /** The owner: a service account's e-mail address, or a token's name. */
  readonly owner: string | undefined;
  /** The Cloudflare account, for a token that belongs to one. */
  readonly accountId: string | undefined;
  /** In RFC 3339 form. */
  readonly createdAt: string | undefined;
  readonly expiresAt: string | undefined;
  /** The day from which the credential should be replaced. */
  readonly rotateBy: string | undefined;
  /** Whether the stack grants all zones of the project. */
  readonly wholeProject: boolean;
}

const releaseInputs = z.object({
  name: z.string(),
  namespace: z.string(),
  // Helm's default, if the release sets none.
  timeout: z.number().default(300),
  values: z.object({
    domain: z.string(),
    letsEncrypt: z.object({ acme: z.object({ caDirUrl: z.string(), email: z.string() }) }),
    serviceAccount: z.object({ annotations: z.record(z.string(), z.string()) }),
    fullnameOverride: z.unknown().optional(),
    nameOverride: z.unknown().optional(),
  }),
});
const text = z.string().optional().catch(undefined);
const status = z.object({ revision: z.number() });
const rotation = z.object({ rotateBy: text });

/**
 * Reads the expectations of a stack's provider from the stack's resources.
 *
 * @throws UserError when the stack has deployed no provider
 */
export function expectation(stack: string, resources: readonly StateResource[]): Expectation {
  const release = resources.find(({ type }) => type === resourceTypes.release);
  const inputs = releaseInputs.safeParse(release?.inputs);
  const unfinished = release === undefined ? unfinishedDeployment(stack, resources) : undefined;
  if (unfinished !== undefined) {
    return unfinished;
  }
  if (!inputs.success) {
    throw new UserError(
      `Stack ${stack} has not deployed a provider${release === undefined ? "" : " with this program"}. Deploy it: ${shell`pulumi up -s ${stack}`}`,
    );
  }
  const { name, namespace, timeout, values } = inputs.data;
  const parameters = decodeParameters(
    values.serviceAccount.annotations[parametersAnnotation] ?? "",
  );
  const cluster = resources.find(({ type }) => type === resourceTypes.kubernetesProvider);
  return {
    stack,
    namespace,
    releaseName: name,
    names: releaseNames(name, values),
    timeout,
    revision: status.safeParse(release?.outputs.status).data?.revision,
    kubeContext: text.parse(cluster?.inputs.context),
    kubeconfig: text.parse(cluster?.inputs.kubeconfig),
    host: providerHost(values.domain),
    domain: values.domain,
    email: values.letsEncrypt.acme.email,
    directoryUrl: values.letsEncrypt.acme.caDirUrl,
    challenge: parameters.challenge,
    walletDigest: parameters.walletDigest,
    created: createdCredential(resources),
    wildcard: wildcardExpectation(resources),
  };
}

const walletInputs = z.object({
  metadata: z.object({
    namespace: z.string(),
    name: z.string(),
    labels: z.object({ "app.kubernetes.io/instance": z.string() }),
  }),
});

/** The expectations of a stack without a release, by the wallet's Secret, which is created before the release. */
function unfinishedDeployment(
  stack: string,
  resources: readonly StateResource[],
): Expectation | undefined {
  const suffix = releaseNames("").walletSecret.replace(releaseNames("").fullname, "");
  const [wallet] = resources
    .filter(({ type }) => type === resourceTypes.secret)
    .flatMap(({ inputs }) => walletInputs.safeParse(inputs).data?.metadata ?? [])
    .filter(({ name }) => name.endsWith(suffix));
  if (wallet === undefined) {
    return undefined;
  }
  const releaseName = wallet.labels["app.kubernetes.io/instance"];
  const fullnameOverride = wallet.name.slice(0, -suffix.length);
  const cluster = resources.find(({ type }) => type === resourceTypes.kubernetesProvider);
  return {
    stack,
    namespace: wallet.namespace,
    releaseName,
    names: releaseNames(releaseName, { fullnameOverride }),
    timeout: defaultTimeout,
    revision: undefined,
    kubeContext: text.parse(cluster?.inputs.context),
    kubeconfig: text.parse(cluster?.inputs.kubeconfig),
    ...{ host: "", domain: "", email: "", directoryUrl: "", walletDigest: "" },
    challenge: { type: "http-01" },
    created: undefined,
    wildcard: undefined,
    isUnfinished: true,
  };
}

/** The names of the resources' outputs, per type of credential. */
const credentialTypes: Readonly<
  Record<string, Readonly<Record<"id" | "owner" | "createdAt" | "expiresAt", string>>>
> = {
  [resourceTypes.serviceAccountKey]: {
    id: "name",
    owner: "serviceAccountId",
    createdAt: "validAfter",
    expiresAt: "validBefore",
  },
  [resourceTypes.apiToken]: {
    id: "id",
    owner: "name",
    createdAt: "issuedOn",
    expiresAt: "expiresOn",
  },
  [resourceTypes.accountToken]: {
    id: "id",
    owner: "name",
    createdAt: "issuedOn",
    expiresAt: "expiresOn",
  },
};

function createdCredential(resources: readonly StateResource[]): CreatedCredential | undefined {
  const resource = resources.find(({ type }) => type in credentialTypes);
  const fields = resource && credentialTypes[resource.type];
  if (resource === undefined || fields === undefined) {
    return undefined;
  }
  const stack = resources.find(({ type }) => type === "pulumi:pulumi:Stack");
  const lastPart = (value: unknown) => text.parse(value)?.split("/").at(-1);
  return {
    id: lastPart(resource.outputs[fields.id]),
    owner: lastPart(resource.outputs[fields.owner]),
    accountId: text.parse(resource.outputs.accountId),
    createdAt: text.parse(resource.outputs[fields.createdAt]),
    expiresAt: text.parse(resource.outputs[fields.expiresAt]),
    rotateBy: undefined,
    ...rotation.safeParse(stack?.outputs.credential).data,
    wholeProject: resources.some(({ type }) => type === resourceTypes.projectGrant),
  };
}

/** The Secret that the pod reads its credential from; none under HTTP-01, or on GKE with Workload Identity. */
export function credentialSecret({ challenge, names }: Expectation): string | undefined {
  return challenge.type === "dns-01" && challenge.credentialDigest !== undefined
    ? credentialSecretName(names, challenge.dnsProvider)
    : undefined;
}

/** The cluster that the stack's plugin and hooks use. */
export function clusterChoice({
  stack,
  kubeContext,
  kubeconfig,
  kubeconfigContent,
}: Expectation): ClusterChoice {
  return {
    context: kubeContext,
    kubeconfig: kubeconfigContent ?? kubeconfig,
    stack,
  };
}
