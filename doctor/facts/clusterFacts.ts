import type { V1ObjectMeta, V1Pod, V1Secret } from "@kubernetes/client-node";
import {
  ApiException,
  CoreV1Api,
  CustomObjectsApi,
  KubernetesObjectApi,
} from "../../lib/kubernetesClient.ts";
import type { KubernetesObject } from "../../chart/manifest.ts";
import { rolloutEvents, type Remark } from "../../components/rollout/remarks.ts";
import { kubectl } from "../../lib/clusterCommand.ts";
import { messageOf, UserError } from "../../lib/errors.ts";
import { recordMetadata } from "../../lib/helmRecord.ts";
import { connectionTo } from "../../lib/kubeconfig.ts";
import { clusterClient, ClusterRefusal } from "../../lib/kubernetesApi.ts";
import { clusterChoice, credentialSecret, type Expectation } from "../expectation.ts";
import { ifAvailable, NotAvailable } from "../finding.ts";
import { orderResource, readOrders, type CertificateOrder } from "./certificateOrders.ts";
import { readRevision, type Revision } from "./helmRelease.ts";
import { once } from "./once.ts";
import { parseLog, type LogLine } from "./podLog.ts";
import { providerContainer } from "./providerContainer.ts";
import { apiPort } from "./wire.ts";
import { shell } from "../../lib/shell.ts";

/** The facts about a provider in its cluster. */
export interface ClusterFacts {
  /** The revisions that Helm keeps, from the oldest to the newest; of many, the last ones and the deployed one. */
  readonly revisions: () => Promise<readonly Revision[]>;
  /** The live object, or undefined if it is missing. */
  readonly live: (object: KubernetesObject) => Promise<KubernetesObject | undefined>;
  readonly pod: () => Promise<V1Pod | undefined>;
  /** Events of the StatefulSet, the claim and the pod that report no progress, the newest last. */
  readonly remarks: () => Promise<readonly Remark[]>;
  /** The provider's log: that of the previous container, if there was a restart, and that of the present one. */
  readonly log: () => Promise<readonly LogLine[]>;
  /** Descriptions of data that was too large to be read; usually none. */
  readonly leftOut: () => Promise<readonly string[]>;
  /** The Secret with the DNS credential, each entry decoded. */
  readonly secret: () => Promise<SecretFacts | undefined>;
  /** The Secret with the wallet. */
  readonly walletSecret: () => Promise<SecretFacts | undefined>;
  /** The orders that the cluster's cert-manager keeps; none without cert-manager. */
  readonly certificateOrders: () => Promise<readonly CertificateOrder[]>;
  /** The name or address of the API server's host. */
  readonly serverHost: string;
  /** What responds on the provider's port inside the cluster, as seen by the API server. */
  readonly inside: () => Promise<InsideView>;
  /** Whether the cluster is on GKE, where pods can act as service accounts without a key. */
  readonly onGke: () => Promise<boolean>;
}

/** The provider's port inside the cluster. */
export interface InsideView {
  /** Whether the pod itself responds; false without permission for the API server's proxy. */
  readonly pod: boolean;
  /** Whether the Service routes to something that responds; undefined without permission for the API server's proxy. */
  readonly service: boolean | undefined;
}

/** A Secret. */
export interface SecretFacts {
  readonly name: string;
  readonly entries: Readonly<Record<string, string>>;
  /** When the content was last written, if the API server reports it. */
  readonly changedAt?: Date | undefined;
}

/** The label of every GKE node (https://cloud.google.com/kubernetes-engine/docs/how-to/creating-managing-labels). */
const gkeLabel = "cloud.google.com/gke-nodepool";

/** A fact of which a part may have been too large to be read. */
type Partly<Fact> = Fact & { readonly leftOut: readonly string[] };

/** How many revisions are read, from the newest: more than Helm keeps by default. */
const mostRevisions = 12;
/** The limits of the log that is read: much more than an issuer writes, but small enough to fetch. */
const logBytes = 8 * 1024 * 1024;
const tailLines = 20_000;

/** A part of a container's log, as parameters of the API server. */
interface LogPart {
  readonly tailLines?: number;
  readonly limitBytes?: number;
  readonly previous?: boolean;
}
type ReadLog = (part: LogPart) => Promise<string>;

/** The beginning of a log, without a truncated last line. */
async function logBeginning(
  read: ReadLog,
): Promise<{ readonly lines: readonly LogLine[]; readonly isCut: boolean }> {
  const text = await read({ limitBytes: logBytes });
  const isCut = Buffer.byteLength(text) >= logBytes;
  return { lines: parseLog(isCut ? text.slice(0, text.lastIndexOf("\n") + 1) : text), isCut };
}

/** The end of a log: fewer lines if they are long, since the API server truncates a response at its end. */
async function logEnd(read: ReadLog, part: LogPart = {}): Promise<string> {
  for (let lines = tailLines; ; lines = Math.ceil(lines / 8)) {
    const text = await read({ ...part, tailLines: lines, limitBytes: logBytes });
    if (lines === 1 || Buffer.byteLength(text) < logBytes) {
      return text;
    }
  }
}

/** The log of the previous container, and the beginning and end of the present one's, which overlap in a short log. */
function joined(
  before: readonly LogLine[],
  beginning: { readonly lines: readonly LogLine[]; readonly isCut: boolean },
  end: readonly LogLine[],
): Partly<{ lines: readonly LogLine[] }> {
  const last = beginning.lines.at(-1);
  const overlap = last === undefined ? -1 : end.findLastIndex((line) => same(line, last));
  return {
    lines: [...before, ...beginning.lines, ...end.slice(overlap + 1)],
    leftOut:
      beginning.isCut && overlap === -1
        ? [
            `the log between its first ${logBytes / 1024 / 1024} MB and its last ${end.length} lines`,
          ]
        : [],
  };
}

/**
 * The facts from the cluster that the kubeconfig names.
 *
 * @throws UserError when there is no kubeconfig, or it has no such context
 */
export async function clusterFacts(expected: Expectation): Promise<ClusterFacts> {
  const { namespace, releaseName, names } = expected;
  const config = await clusterClient(clusterChoice(expected));
  const core = config.makeApiClient(CoreV1Api);
  const objects = KubernetesObjectApi.makeApiClient(config);

  const live = async ({ apiVersion = "v1", kind = "", metadata }: KubernetesObject) => {
    const read = objects.read({
      apiVersion,
      kind,
      metadata: { namespace, ...metadata, name: metadata?.name ?? "" },
    });
    return (await answer(read, expected)) as KubernetesObject | undefined;
  };

  const pod = once(() => answer(core.readNamespacedPod({ namespace, name: names.pod }), expected));

  const secretOf = async (name: string): Promise<SecretFacts | undefined> => {
    const secret = await answer(core.readNamespacedSecret({ namespace, name }), expected);
    return (
      secret && { name, entries: decoded(secret.data ?? {}), changedAt: contentChangedAt(secret) }
    );
  };

  const records = once(async (): Promise<Partly<{ revisions: readonly Revision[] }>> => {
    const metadata = await answer(recordMetadata(core, { name: releaseName }, namespace), expected);
    const versionOf = ({ labels }: V1ObjectMeta) => Number(labels?.version);
    const sorted = [...(metadata ?? [])].sort((a, b) => versionOf(a) - versionOf(b));
    const isDeployed = ({ labels }: V1ObjectMeta) => labels?.status === "deployed";
    const wanted = new Set([
      ...sorted.slice(-mostRevisions),
      ...sorted.filter(isDeployed).slice(-1),
    ]);
    const secrets = await Promise.all(
      sorted
        .filter((each) => wanted.has(each))
        .map(({ name = "" }) => answer(core.readNamespacedSecret({ namespace, name }), expected)),
    );
    const unread = sorted.length - wanted.size;
    return {
      revisions: secrets.flatMap((secret) => (secret === undefined ? [] : readRevision(secret))),
      leftOut:
        unread === 0
          ? []
          : [`${unread} older revisions of the ${sorted.length} that Helm keeps of the release`],
    };
  });

  const wholeLog = once(async (): Promise<Partly<{ lines: readonly LogLine[] }>> => {
    const status = providerContainer(await pod());
    if (status === undefined) {
      throw new NotAvailable(`the pod ${names.pod} has no container, and therefore no log`);
    }
    const request = { namespace, name: names.pod, container: status.name, timestamps: true };
    const read = (part: LogPart) =>
      logPart(core.readNamespacedPodLog({ ...request, ...part }), names.pod);
    // The kubelet may have deleted the previous log.
    const before =
      status.restartCount > 0 ? await ifAvailable(logEnd(read, { previous: true })) : "";
    return joined(parseLog(before ?? ""), await logBeginning(read), parseLog(await logEnd(read)));
  });

  return {
    serverHost: new URL(connectionTo(clusterChoice(expected)).server).hostname.replace(
      /^\[(.*)\]$/,
      "$1",
    ),
    inside: once(async () => {
      const path = "status";
      const [pod, service] = await Promise.all([
        answers(
          core.connectGetNamespacedPodProxyWithPath({
            ...{ namespace, path, name: `https:${names.pod}:${apiPort}` },
          }),
        ),
        answers(
          core.connectGetNamespacedServiceProxyWithPath({
            ...{ namespace, path, name: `https:${names.fullname}:${apiPort}` },
          }),
        ),
      ]);
      return { pod: pod === true, service };
    }),
    revisions: async () => (await records()).revisions,
    live,
    pod,
    remarks: once(
      async () => (await answer(rolloutEvents(core, { namespace, names }), expected)) ?? [],
    ),
    log: async () => (await wholeLog()).lines,
    leftOut: once(async () => [
      ...((await ifAvailable(records()))?.leftOut ?? []),
      ...((await ifAvailable(wholeLog()))?.leftOut ?? []),
    ]),
    secret: once(async () => {
      const name = credentialSecret(expected);
      return name === undefined ? undefined : secretOf(name);
    }),
    walletSecret: once(() => secretOf(names.walletSecret)),
    certificateOrders: once(async () => {
      const custom = config.makeApiClient(CustomObjectsApi);
      const read = custom.listClusterCustomObject(orderResource) as Promise<unknown>;
      const list = await answer(read, expected);
      return list === undefined ? [] : readOrders(list);
    }),
    onGke: once(async () => {
      const list = await answer(core.listNode({ labelSelector: gkeLabel, limit: 1 }), expected);
      return (list?.items ?? []).length > 0;
    }),
  };
}

function same(one: LogLine, other: LogLine): boolean {
  return one.text === other.text && one.time?.getTime() === other.time?.getTime();
}

/**
 * Whether the target of a request through the API server's proxy responds (kubernetes, apimachinery/pkg/util/proxy). The
 * API server itself responds with 503 if nothing does, and with 404 if the object is missing.
 *
 * @returns undefined without the permission, or if the response is not conclusive
 */
async function answers(call: Promise<unknown>): Promise<boolean | undefined> {
  try {
    await call;
    return true;
  } catch (error) {
    const status = statusOf(error);
    return status === 503 || status === 404 ? false : undefined;
  }
}

/** The API server's response to a read, or undefined if the object is missing. */
export async function answer<T>(read: Promise<T>, expected: Expectation): Promise<T | undefined> {
  try {
    return await read;
  } catch (error) {
    const status = statusOf(error);
    if (status === 404) {
      return undefined;
    }
    if (status === 401) {
      // `auth can-i` requires an accepted credential, `auth whoami` shows whether there is one.
      throw new NotAvailable(
        `the cluster does not accept the kubeconfig's credential (401): ${kubectl(expected, shell`auth whoami`)}`,
      );
    }
    if (status === 403) {
      throw new NotAvailable(
        `the cluster does not allow you to read this (403): ${kubectl(expected, shell`auth can-i --list`)}`,
      );
    }
    if (status !== undefined) {
      throw new NotAvailable(`the cluster responds with ${status}`);
    }
    throw error;
  }
}

async function logPart(read: Promise<string>, pod: string): Promise<string> {
  try {
    return (await read) ?? "";
  } catch (error) {
    if (error instanceof UserError && !(error instanceof ClusterRefusal)) {
      throw error;
    }
    const status = statusOf(error);
    throw new NotAvailable(
      `the log of ${pod} cannot be read (${status === undefined ? messageOf(error) : `the cluster responds with ${status}`})`,
    );
  }
}

/** The status of a response. For types of objects that the cluster does not have, the client throws its own Errors. */
function statusOf(error: unknown): number | undefined {
  if (error instanceof ApiException || error instanceof ClusterRefusal) {
    return error.code;
  }
  return messageOf(error).startsWith("Unrecognized API version and kind") ? 404 : undefined;
}

/** By the field managers' entries (https://kubernetes.io/docs/reference/using-api/server-side-apply/#field-management). */
function contentChangedAt({ metadata }: V1Secret): Date | undefined {
  const times = (metadata?.managedFields ?? [])
    .filter(({ fieldsV1 }) => fieldsV1 !== undefined && "f:data" in fieldsV1)
    .flatMap(({ time }) => time ?? [])
    .map((time) => new Date(time).getTime());
  return times.length === 0 ? undefined : new Date(Math.max(...times));
}

function decoded(data: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(data).map(([key, value]) => [key, Buffer.from(value, "base64").toString()]),
  );
}
