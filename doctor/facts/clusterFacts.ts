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
import { ifSeen, NotSeen } from "../finding.ts";
import { orderResource, readOrders, type CertificateOrder } from "./certificateOrders.ts";
import { readRevision, type Revision } from "./helmRelease.ts";
import { once } from "./once.ts";
import { parseLog, type LogLine } from "./podLog.ts";
import { providerContainer } from "./providerContainer.ts";
import { apiPort } from "./wire.ts";
import { shell } from "../../lib/shell.ts";

/** What there is to know of a provider in its cluster. */
export interface ClusterFacts {
  /** The revisions that Helm keeps, from the oldest to the newest; of many, the last ones and what is deployed. */
  readonly revisions: () => Promise<readonly Revision[]>;
  /** The object as it is, or undefined where it is missing. */
  readonly live: (object: KubernetesObject) => Promise<KubernetesObject | undefined>;
  readonly pod: () => Promise<V1Pod | undefined>;
  /** What the cluster has noted of the StatefulSet, the claim and the pod that is no progress, the newest last. */
  readonly remarks: () => Promise<readonly Remark[]>;
  /** The provider's log: that of the container before, if it was restarted, and that of the present one. */
  readonly log: () => Promise<readonly LogLine[]>;
  /** What was too much to be read, in words; nothing as a rule. */
  readonly leftOut: () => Promise<readonly string[]>;
  /** The Secret with the DNS credential, each entry decoded. */
  readonly secret: () => Promise<SecretFacts | undefined>;
  /** The Secret with the wallet. */
  readonly walletSecret: () => Promise<SecretFacts | undefined>;
  /** What the cluster's cert-manager has ordered, as far as it remembers; none where there is no cert-manager. */
  readonly certificateOrders: () => Promise<readonly CertificateOrder[]>;
  /** The name or address of the API server's host. */
  readonly serverHost: string;
  /** What answers on the provider's port inside the cluster, as the API server reaches it. */
  readonly inside: () => Promise<InsideView>;
  /** Whether the cluster is one of Google's, whose pods can act as service accounts without a key. */
  readonly onGke: () => Promise<boolean>;
}

/** The provider's port as it is seen inside the cluster. */
export interface InsideView {
  /** Whether the pod itself answers. Not where the API server may not be asked for it. */
  readonly pod: boolean;
  /** Whether the Service leads to something that answers; undefined where the API server may not be asked for it. */
  readonly service: boolean | undefined;
}

/** A Secret. */
export interface SecretFacts {
  readonly name: string;
  readonly entries: Readonly<Record<string, string>>;
  /** When its content was written last, as far as the API server tells. */
  readonly changedAt?: Date | undefined;
}

/** On every node of GKE (https://cloud.google.com/kubernetes-engine/docs/how-to/creating-managing-labels). */
const gkeLabel = "cloud.google.com/gke-nodepool";

/** A fact of which a part may have been too much to read. */
type Partly<Fact> = Fact & { readonly leftOut: readonly string[] };

/** How many revisions are read, from the newest on: more than Helm keeps by itself. */
const mostRevisions = 12;
/** Much more than an issuer writes, and little enough to fetch. */
const logBytes = 8 * 1024 * 1024;
const tailLines = 20_000;

/** A part of a container's log, in the API server's words. */
interface LogPart {
  readonly tailLines?: number;
  readonly limitBytes?: number;
  readonly previous?: boolean;
}
type ReadLog = (part: LogPart) => Promise<string>;

/** The beginning of a log, without a last line that is cut. */
async function logBeginning(
  read: ReadLog,
): Promise<{ readonly lines: readonly LogLine[]; readonly isCut: boolean }> {
  const text = await read({ limitBytes: logBytes });
  const isCut = Buffer.byteLength(text) >= logBytes;
  return { lines: parseLog(isCut ? text.slice(0, text.lastIndexOf("\n") + 1) : text), isCut };
}

/** The end of a log: fewer lines where they are long, since the API server cuts an answer at its end. */
async function logEnd(read: ReadLog, part: LogPart = {}): Promise<string> {
  for (let lines = tailLines; ; lines = Math.ceil(lines / 8)) {
    const text = await read({ ...part, tailLines: lines, limitBytes: logBytes });
    if (lines === 1 || Buffer.byteLength(text) < logBytes) {
      return text;
    }
  }
}

/** The log of the container before, and the present one's beginning and end, which are the same where it is short. */
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
            `what the log has between its first ${logBytes / 1024 / 1024} MB and its last ${end.length} lines`,
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
          : [`${unread} older of the ${sorted.length} revisions that Helm keeps of the release`],
    };
  });

  const wholeLog = once(async (): Promise<Partly<{ lines: readonly LogLine[] }>> => {
    const status = providerContainer(await pod());
    if (status === undefined) {
      throw new NotSeen(`the pod ${names.pod} has no container, and so no log`);
    }
    const request = { namespace, name: names.pod, container: status.name, timestamps: true };
    const read = (part: LogPart) =>
      logPart(core.readNamespacedPodLog({ ...request, ...part }), names.pod);
    // The kubelet may have thrown the log before away.
    const before = status.restartCount > 0 ? await ifSeen(logEnd(read, { previous: true })) : "";
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
      ...((await ifSeen(records()))?.leftOut ?? []),
      ...((await ifSeen(wholeLog()))?.leftOut ?? []),
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
 * Whether something answers that the API server is to ask (kubernetes, apimachinery/pkg/util/proxy): what it says itself
 * is 503 where nothing is there, and 404 where there is no such object.
 *
 * @returns undefined where it may not be asked, or does not tell
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

/** What the API server answers to a read, or undefined where there is no such thing. */
export async function answer<T>(read: Promise<T>, expected: Expectation): Promise<T | undefined> {
  try {
    return await read;
  } catch (error) {
    const status = statusOf(error);
    if (status === 404) {
      return undefined;
    }
    if (status === 401) {
      // What may be done is told to nobody whom the cluster does not know.
      throw new NotSeen(
        `the cluster does not accept the kubeconfig's credential (401): ${kubectl(expected, shell`auth whoami`)}`,
      );
    }
    if (status === 403) {
      throw new NotSeen(
        `the cluster does not let you read that (403): ${kubectl(expected, shell`auth can-i --list`)}`,
      );
    }
    if (status !== undefined) {
      throw new NotSeen(`the cluster answers ${status}`);
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
    throw new NotSeen(
      `the log of ${pod} cannot be read (${status === undefined ? messageOf(error) : `the cluster answers ${status}`})`,
    );
  }
}

/** The status of an answer. The client throws Errors of its own for types of objects that the cluster does not have. */
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
