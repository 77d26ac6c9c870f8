import type {
  CoreV1Api,
  CoreV1Event,
  V1ContainerState,
  V1ContainerStatus,
  V1Pod,
} from "@kubernetes/client-node";
import type { ReleaseNames } from "../../chart/release.ts";
import { unlessMissing } from "../../lib/kubernetesApi.ts";
import { printableLine } from "../../lib/printable.ts";

/** The objects of a release's pod whose events show why the pod does not start. */
export interface RolloutPlace {
  readonly namespace: string;
  readonly names: Pick<ReleaseNames, "fullname" | "pod" | "claim">;
}

/** A message of the cluster about an object. */
export interface Remark {
  /** The object, such as `StatefulSet/akash-provider`. */
  readonly subject: string;
  /** The object's uid, which distinguishes objects of the same name. */
  readonly uid: string;
  /** The reason in one word, such as `FailedCreate`. */
  readonly reason: string;
  readonly text: string;
  /** How often the message occurred. */
  readonly count: number;
  /** When the message last occurred, in milliseconds since 1970, by the cluster's clock. */
  readonly time: number;
  /** Changes with each occurrence. */
  readonly version: string;
}

/** Reasons of normal events that mean waiting. Other normal events mean progress. */
const waitingReasons = new Set([
  "BackOff",
  "ExternalProvisioning",
  "FailedBinding",
  "NotTriggerScaleUp",
  "WaitForFirstConsumer",
]);

/**
 * The events of the StatefulSet, the claim and the pod that do not mean progress, the newest last. Events outlive their
 * objects, usually by an hour (kube-apiserver, `--event-ttl`), and their causes: each claim waits for its volume for a
 * moment, so the events of a bound claim are omitted.
 */
export async function rolloutEvents(
  core: Pick<CoreV1Api, "listNamespacedEvent" | "readNamespacedPersistentVolumeClaim">,
  { namespace, names }: RolloutPlace,
): Promise<readonly Remark[]> {
  const subjects = [
    ["StatefulSet", names.fullname],
    ["PersistentVolumeClaim", names.claim],
    ["Pod", names.pod],
  ];
  const lists = await Promise.all(
    subjects.map(([kind = "", name = ""]) =>
      core.listNamespacedEvent({
        namespace,
        fieldSelector: `involvedObject.kind=${kind},involvedObject.name=${name}`,
        limit: mostEvents,
      }),
    ),
  );
  const remarks = lists
    .flatMap(({ items }) => items)
    .filter(({ type, reason = "" }) => type === "Warning" || waitingReasons.has(reason))
    .map(remark)
    .sort((a, b) => a.time - b.time);
  const ofClaim = ({ subject }: Remark) => subject === `PersistentVolumeClaim/${names.claim}`;
  if (!remarks.some(ofClaim)) {
    return remarks;
  }
  const claim = await unlessMissing(
    core.readNamespacedPersistentVolumeClaim({ namespace, name: names.claim }),
  );
  return claim?.status?.phase === "Bound"
    ? remarks.filter((each) => !ofClaim(each) || each.uid !== claim.metadata?.uid)
    : remarks;
}

/** The maximum number of events of one object. The API server keeps one event for each repeated message. */
const mostEvents = 200;

function remark(event: CoreV1Event): Remark {
  const { involvedObject, reason = "", message = "", metadata, series } = event;
  const last = series?.lastObservedTime ?? event.lastTimestamp ?? event.eventTime;
  return {
    subject: `${involvedObject.kind ?? ""}/${involvedObject.name ?? ""}`,
    uid: involvedObject.uid ?? "",
    reason,
    text: inOneLine(message),
    count: series?.count ?? event.count ?? 1,
    time: new Date(last ?? event.firstTimestamp ?? metadata.creationTimestamp ?? 0).getTime(),
    version: `${metadata.uid ?? ""}@${metadata.resourceVersion ?? ""}`,
  };
}

/** Joins the lines of a message of the cluster. */
function inOneLine(words: string): string {
  return words.replaceAll(/\s+/g, " ").trim();
}

/**
 * The scheduler's latest message for a pod without a node; undefined for a scheduled pod. The events may lack this message:
 * for a repeated attempt, an event keeps only the count, with the message of the first attempt (client-go, tools/events,
 * `eventKey` has no note), such as that there is no volume yet.
 */
export function schedulingRemark({ metadata, status }: V1Pod, now: number): Remark | undefined {
  const condition = status?.conditions?.find(({ type }) => type === "PodScheduled");
  if (condition?.status !== "False" || condition.message === undefined) {
    return undefined;
  }
  return {
    subject: `Pod/${metadata?.name ?? ""}`,
    uid: metadata?.uid ?? "",
    reason: "FailedScheduling",
    text: inOneLine(condition.message),
    // The events count the occurrences.
    count: 0,
    time: now,
    version: `${metadata?.uid ?? ""} ${condition.message}`,
  };
}

/** Why a pod's containers wait or terminated; empty for a terminating pod. */
export function containerRemarks(pod: V1Pod, now: number): readonly ContainerRemark[] {
  const { metadata, status } = pod;
  if (metadata?.deletionTimestamp !== undefined) {
    return [];
  }
  const statuses = [...(status?.initContainerStatuses ?? []), ...(status?.containerStatuses ?? [])];
  return statuses.flatMap((container) => {
    const problem = problemOf(container);
    return problem === undefined
      ? []
      : [
          {
            ...problem,
            subject: `Pod/${metadata?.name ?? ""}, container ${container.name}`,
            uid: metadata?.uid ?? "",
            count: 1,
            time: now,
            version: `${metadata?.uid ?? ""} ${container.name} ${container.restartCount}`,
            container: container.name,
            ended: lastEnd(container) !== undefined,
            previous: container.state?.terminated === undefined,
          },
        ];
  });
}

/** A message about a container that does not run. */
export interface ContainerRemark extends Remark {
  readonly container: string;
  /** Whether the container has run, so that it has a log. */
  readonly ended: boolean;
  /** Whether the log is the one of the previous container. */
  readonly previous: boolean;
}

/** Reasons for waiting that are not a problem. */
const starting = new Set(["ContainerCreating", "PodInitializing"]);

function problemOf(container: V1ContainerStatus): Pick<Remark, "reason" | "text"> | undefined {
  const { waiting } = container.state ?? {};
  const end = lastEnd(container);
  if (waiting !== undefined && !starting.has(waiting.reason ?? "")) {
    const text = [waiting.message, end && endText(end)].filter((part) => part !== undefined);
    return { reason: waiting.reason ?? "Waiting", text: text.join("; ") };
  }
  const terminated = container.state?.terminated;
  return terminated !== undefined && terminated.exitCode !== 0
    ? { reason: terminated.reason ?? "Error", text: endText(terminated) }
    : undefined;
}

function lastEnd({ state, lastState }: V1ContainerStatus): V1ContainerState["terminated"] {
  return state?.terminated ?? lastState?.terminated;
}

function endText({
  exitCode,
  reason,
  message,
}: NonNullable<V1ContainerState["terminated"]>): string {
  const suffix = message === undefined ? "" : `: ${inOneLine(message)}`;
  return `ended with exit code ${exitCode}${reason === undefined ? "" : ` (${reason})`}${suffix}`;
}

/** How much of a container's log is shown, in lines and in bytes. */
const lastLines = 6;
const lastBytes = 16 * 1024;

/** The last lines of a container's log; none where the log no longer exists. */
export async function lastLogLines(
  core: Pick<CoreV1Api, "readNamespacedPodLog">,
  { namespace, names }: RolloutPlace,
  { container, previous }: Pick<ContainerRemark, "container" | "previous">,
): Promise<readonly string[]> {
  const log = await unlessMissing(
    core.readNamespacedPodLog({
      namespace,
      name: names.pod,
      container,
      previous,
      tailLines: lastLines,
      limitBytes: lastBytes,
    }),
  );
  return (log ?? "").split("\n").filter((line) => line.trim() !== "");
}

/**
 * Merges remarks on the same object with the same text, apart from numbers, and adds up their counts.
 */
export function withoutRepetitions(remarks: readonly Remark[]): readonly Remark[] {
  const groups = Map.groupBy(
    remarks,
    ({ subject, reason, text }) => `${subject} ${reason} ${text.replaceAll(/\d+/g, "0")}`,
  );
  return [...groups.values()]
    .flatMap((group) => {
      const last = group.at(-1);
      const count = group.reduce((sum, each) => sum + each.count, 0);
      return last === undefined ? [] : [{ ...last, count }];
    })
    .sort((a, b) => a.time - b.time);
}

const shownText = 500;

/** A remark in one line. */
export function remarkText({ subject, reason, text, count }: Remark): string {
  const times = count > 1 ? ` (${count} times)` : "";
  const cut = text.length > shownText ? `${text.slice(0, shownText)}…` : text;
  return printableLine(`${subject}: ${reason}${times}${cut === "" ? "" : `: ${cut}`}`);
}
