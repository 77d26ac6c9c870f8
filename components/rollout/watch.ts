import type { AppsV1Api, CoreV1Api, V1Pod, V1StatefulSet } from "@kubernetes/client-node";
import { messageOf } from "../../lib/errors.ts";
import { printableLine } from "../../lib/printable.ts";
import { shell } from "../../lib/shell.ts";
import { unlessMissing } from "../../lib/kubernetesApi.ts";
import type { Clock } from "../clock.ts";
import { obstacleOf, obstaclesOf, type Obstacle, type ObstacleTarget } from "./obstacles.ts";
import {
  containerRemarks,
  lastLogLines,
  remarkText,
  rolloutEvents,
  schedulingRemark,
  withoutRepetitions,
  type Remark,
  type RolloutPlace,
} from "./remarks.ts";

/** The cluster, with the APIs that a watch uses. */
export interface RolloutCluster {
  readonly core: Pick<
    CoreV1Api,
    | "listNamespacedEvent"
    | "readNamespacedPod"
    | "readNamespacedPodLog"
    | "readNamespacedPersistentVolumeClaim"
  >;
  readonly apps: Pick<AppsV1Api, "readNamespacedStatefulSet" | "deleteNamespacedStatefulSet">;
  /** Whether Helm waits for a rollout, not for a rollback. */
  readonly isRollingOut: () => Promise<boolean>;
}

/** The objects that a watch reads, and the provider for its commands. */
export interface RolloutTarget extends RolloutPlace, ObstacleTarget {
  readonly names: RolloutPlace["names"];
}

/** Pause between two checks, in milliseconds. */
const interval = 2_000;
/**
 * How long an obstacle must last before it is reported, in milliseconds: a quota registers a deleted pod with a delay, and
 * a ServiceAccount is created after its namespace.
 */
const reportedAfter = { certain: 8_000, lasting: 20_000 } as const;

/**
 * Watches what prevents a release's pod from starting while Helm waits for the pod.
 *
 * Helm waits for a StatefulSet until its timeout, since it reads no events. For an obstacle that cannot disappear by itself,
 * the watch ends Helm's wait by deleting the StatefulSet, which Helm treats as a failure immediately (helm.sh/helm/v3,
 * pkg/kube/wait.go, `isRetryableError`). Helm then handles it as every failure: it uninstalls a new release, or rolls back
 * to the previous revision.
 */
export class RolloutWatch {
  readonly #cluster: RolloutCluster;
  readonly #target: RolloutTarget;
  readonly #report: (message: string) => Promise<void>;
  readonly #clock: Clock;
  /** Versions of the events from before the rollout. */
  readonly #before = new Set<string>();
  /** The events as of the last check. */
  #events: readonly Remark[] = [];
  /** The latest remarks of containers, whose status has no history, by container. */
  readonly #containers = new Map<string, Remark>();
  /** The scheduler's message as of the last check of the pod. */
  #scheduling: Remark | undefined;
  /** Logs of terminated containers, by the version of the remark. */
  readonly #logs = new Map<string, readonly string[]>();
  /** When each obstacle was first found, by its id. */
  readonly #since = new Map<string, number>();
  readonly #reported = new Set<string>();
  #hasEndedWait = false;
  #readFailure: string | undefined;
  #running: Promise<void> | undefined;
  #ended = false;

  /**
   * @param cluster see {@link RolloutCluster}
   * @param target see {@link RolloutTarget}
   * @param report prints a message while Helm waits
   * @param clock a clock whose pauses do not keep the process alive
   */
  constructor(
    cluster: RolloutCluster,
    target: RolloutTarget,
    report: (message: string) => Promise<void>,
    clock: Clock,
  ) {
    this.#cluster = cluster;
    this.#target = target;
    this.#report = report;
    this.#clock = clock;
  }

  /** Starts the watch. Earlier events are not reported. */
  async start(): Promise<void> {
    await this.#tolerant(async () => {
      for (const { version } of await rolloutEvents(this.#cluster.core, this.#target)) {
        this.#before.add(version);
      }
    });
    this.#running = this.#run();
  }

  /** Ends the watch. */
  async stop(): Promise<void> {
    this.#ended = true;
    await this.#running;
  }

  /**
   * Ends the watch, and describes what prevented the pod from starting.
   *
   * @returns undefined where the cluster shows no cause
   */
  async failure(): Promise<string | undefined> {
    await this.stop();
    await this.#observe();
    const remarks = this.#remarks;
    if (remarks.length === 0) {
      return this.#readFailure;
    }
    const { namespace, names, stack } = this.#target;
    return [
      `The pod ${names.pod} in namespace ${namespace} did not become ready. The cluster's messages, the newest last:`,
      ...remarks
        .slice(-mostRemarks)
        .flatMap((remark) => [
          `  ${remarkText(remark)}`,
          ...(this.#logs.get(remark.version) ?? []).map(
            (line) => `    | ${printableLine(line.slice(0, 300))}`,
          ),
        ]),
      ...(this.#hasEndedWait
        ? [
            "Helm would have waited until its timeout. The program ended the wait by deleting the StatefulSet, which Helm reports as its error.",
          ]
        : []),
      ...obstaclesOf(remarks, this.#target).map(obstacleText),
      `Then deploy again: ${shell`pulumi up -s ${stack}`}`,
    ].join("\n");
  }

  async #run(): Promise<void> {
    while (!this.#ended) {
      const pod = await this.#observe();
      await this.#tolerant(() => this.#judge(pod));
      await this.#clock.wait(interval);
    }
  }

  /** Reads the cluster's current messages, and returns the pod. */
  async #observe(): Promise<V1Pod | undefined> {
    const { namespace, names } = this.#target;
    return this.#tolerant(async () => {
      const events = await rolloutEvents(this.#cluster.core, this.#target);
      this.#events = events.filter(({ version }) => !this.#before.has(version));
      const pod = await unlessMissing(
        this.#cluster.core.readNamespacedPod({ namespace, name: names.pod }),
      );
      if (pod !== undefined) {
        this.#scheduling = schedulingRemark(pod, this.#clock.now());
      }
      for (const remark of pod === undefined ? [] : containerRemarks(pod, this.#clock.now())) {
        this.#containers.set(`${remark.uid} ${remark.container}`, remark);
        if (remark.ended && !this.#logs.has(remark.version)) {
          this.#logs.set(remark.version, []);
          await this.#tolerant(async () => {
            const lines = await lastLogLines(this.#cluster.core, this.#target, remark);
            this.#logs.set(remark.version, lines);
          });
        }
      }
      return pod;
    });
  }

  /** The remarks since the start of the watch, the newest last. */
  get #remarks(): readonly Remark[] {
    return withoutRepetitions(
      [
        ...this.#events,
        ...(this.#scheduling === undefined ? [] : [this.#scheduling]),
        ...this.#containers.values(),
      ].sort((a, b) => a.time - b.time),
    );
  }

  /** Reports lasting obstacles, and ends Helm's wait for certain ones. */
  async #judge(pod: V1Pod | undefined): Promise<void> {
    const standing = await this.#standing(pod);
    for (const id of this.#since.keys()) {
      if (!standing.some((obstacle) => obstacle.id === id)) {
        this.#since.delete(id);
      }
    }
    const now = this.#clock.now();
    for (const obstacle of standing) {
      const { id, certainty } = obstacle;
      const since = this.#since.get(id) ?? now;
      this.#since.set(id, since);
      if (
        certainty === "passing" ||
        now - since < reportedAfter[certainty] ||
        this.#reported.has(id)
      ) {
        continue;
      }
      this.#reported.add(id);
      const ends = certainty === "certain" && (await this.#endWait());
      const { pod: name } = this.#target.names;
      const what = certainty === "certain" ? "cannot start" : "does not start";
      const next = ends
        ? "Helm's wait for the pod was ended."
        : "Helm waits for the pod until its timeout.";
      await this.#report(`The pod ${name} ${what}. ${obstacleText(obstacle)}\n${next}`);
    }
  }

  /** The current obstacles. */
  async #standing(pod: V1Pod | undefined): Promise<readonly Obstacle[]> {
    if (isReady(pod)) {
      return [];
    }
    const { namespace, names } = this.#target;
    const claim = await unlessMissing(
      this.#cluster.core.readNamespacedPersistentVolumeClaim({ namespace, name: names.claim }),
    );
    const stands = ({ subject, uid }: Remark): boolean => {
      if (subject.startsWith("StatefulSet/")) {
        return pod === undefined;
      }
      return subject.startsWith("PersistentVolumeClaim/")
        ? claim?.metadata?.uid === uid && claim.status?.phase !== "Bound"
        : pod?.metadata?.uid === uid;
    };
    const remarks = this.#remarks.filter(stands);
    const obstacles = remarks.flatMap((remark) => obstacleOf(remark, this.#target) ?? []);
    return [...new Map(obstacles.map((obstacle) => [obstacle.id, obstacle])).values()];
  }

  /** Makes Helm fail now, where no data is lost. Only once, so that Helm's rollback is not disturbed. */
  async #endWait(): Promise<boolean> {
    const { namespace, names } = this.#target;
    const { apps } = this.#cluster;
    if (this.#hasEndedWait || !(await this.#cluster.isRollingOut())) {
      return false;
    }
    const name = names.fullname;
    const statefulSet = await unlessMissing(apps.readNamespacedStatefulSet({ namespace, name }));
    const uid = statefulSet?.metadata?.uid;
    if (uid === undefined || deletesClaims(statefulSet)) {
      return false;
    }
    await apps.deleteNamespacedStatefulSet({
      namespace,
      name,
      body: { propagationPolicy: "Background", preconditions: { uid } },
    });
    this.#hasEndedWait = true;
    return true;
  }

  /** An error of the watch must not fail the deployment. */
  async #tolerant<T>(work: () => Promise<T>): Promise<T | undefined> {
    try {
      return await work();
    } catch (error) {
      this.#readFailure = `The cause of the failure of the pod ${this.#target.names.pod} cannot be read: ${messageOf(error)}`;
      return undefined;
    }
  }
}

/** How many remarks are shown. */
const mostRemarks = 12;

/** An obstacle and its command, as text. */
export function obstacleText({ meaning, command }: Obstacle): string {
  return `${printableLine(meaning)}: ${command}`;
}

function isReady(pod: V1Pod | undefined): boolean {
  const ready = pod?.status?.conditions?.find(({ type }) => type === "Ready");
  return ready?.status === "True";
}

/** The home volume must outlive its StatefulSet, since it contains the certificates and the provider's keys. */
function deletesClaims(statefulSet: V1StatefulSet | undefined): boolean {
  const { spec } = statefulSet ?? {};
  return spec?.persistentVolumeClaimRetentionPolicy?.whenDeleted === "Delete";
}
