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

/** What a stack says of its provider. */
export interface Expectation {
  readonly stack: string;
  readonly namespace: string;
  readonly releaseName: string;
  readonly names: ReleaseNames;
  /** How long an operation of Helm's that the stack has begun may take, in seconds. */
  readonly timeout: number;
  /** The revision that the stack made last. */
  readonly revision: number | undefined;
  readonly kubeContext: string | undefined;
  /** Path of the stack's own kubeconfig; none where the environment's counts, or the stack has its content. */
  readonly kubeconfig: string | undefined;
  /** The content of the stack's own kubeconfig: a secret, and in no message. */
  readonly kubeconfigContent?: string | undefined;
  /** The host that the certificate is for. */
  readonly host: string;
  readonly domain: string;
  readonly email: string;
  readonly directoryUrl: string;
  readonly challenge: Parameters["challenge"];
  /** The digest of the stack's wallet (chart/walletDigest.ts). */
  readonly walletDigest: string;
  /** The credential that the stack made; none under HTTP-01, or where the stack brings its own. */
  readonly made: MadeCredential | undefined;
  /**
   * Whether the stack's first deployment has begun and not ended well. Of the rest, only where the provider was to be is
   * known then. Default: it has.
   */
  readonly isUnfinished?: boolean;
  /** The certificate of the tenants' ingress; undefined where the stack has none. */
  readonly wildcard: WildcardExpectation | undefined;
}

/** What the state holds of a credential that the stack made. */
export interface MadeCredential {
  /** The cloud's id of it. */
  readonly id: string | undefined;
  /** By which the maker is known: a service account's e-mail address, or a token's name. */
  readonly owner: string | undefined;
  /** Cloudflare's account, for a token that belongs to one. */
  readonly accountId: string | undefined;
  /** In RFC 3339 form. */
  readonly createdAt: string | undefined;
  readonly expiresAt: string | undefined;
  /** The day from which on it is to be replaced. */
  readonly rotateBy: string | undefined;
  /** Whether all zones of the project are granted, by the stack's choice. */
  readonly wholeProject: boolean;
}

const releaseInputs = z.object({
  name: z.string(),
  namespace: z.string(),
  // Helm's own, where a release says none.
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
 * Reads what is expected of a stack's provider from the stack's resources.
 *
 * @throws UserError when the stack has deployed none
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
    made: madeCredential(resources),
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

/** What a stack without a release says of its provider, by the wallet's Secret, which is made before the release. */
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
    made: undefined,
    wildcard: undefined,
    isUnfinished: true,
  };
}

/** The names that the resources' outputs have for the same, per cloud. */
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

function madeCredential(resources: readonly StateResource[]): MadeCredential | undefined {
  const made = resources.find(({ type }) => type in credentialTypes);
  const fields = made && credentialTypes[made.type];
  if (made === undefined || fields === undefined) {
    return undefined;
  }
  const stack = resources.find(({ type }) => type === "pulumi:pulumi:Stack");
  const lastPart = (value: unknown) => text.parse(value)?.split("/").at(-1);
  return {
    id: lastPart(made.outputs[fields.id]),
    owner: lastPart(made.outputs[fields.owner]),
    accountId: text.parse(made.outputs.accountId),
    createdAt: text.parse(made.outputs[fields.createdAt]),
    expiresAt: text.parse(made.outputs[fields.expiresAt]),
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

/** The cluster that the stack's plugin and hooks look at. */
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
