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

/** The cluster, as far as a watch looks at it and changes it. */
export interface RolloutCluster {
  readonly core: Pick<
    CoreV1Api,
    | "listNamespacedEvent"
    | "readNamespacedPod"
    | "readNamespacedPodLog"
    | "readNamespacedPersistentVolumeClaim"
  >;
  readonly apps: Pick<AppsV1Api, "readNamespacedStatefulSet" | "deleteNamespacedStatefulSet">;
  /** Whether Helm waits for what it has just applied, and not for what it puts back. */
  readonly isRollingOut: () => Promise<boolean>;
}

/** Where a watch looks, and whose commands it gives. */
export interface RolloutTarget extends RolloutPlace, ObstacleTarget {
  readonly names: RolloutPlace["names"];
}

/** Pause between two looks, in milliseconds. */
const interval = 2_000;
/**
 * How long an obstacle has to last until it is told, in milliseconds: a quota knows of a deleted pod only after a moment,
 * and a ServiceAccount is made after its namespace.
 */
const toldAfter = { certain: 8_000, lasting: 20_000 } as const;

/**
 * Looks at what keeps a release's pod from coming while Helm waits for it.
 *
 * Helm waits for a StatefulSet until its time is up, whatever it is told: it knows of no event. What cannot pass by itself
 * ends the wait: Helm takes a StatefulSet that is gone for a failure at once (helm.sh/helm/v3, pkg/kube/wait.go,
 * `isRetryableError`), and then does what it does with every failure, which is to uninstall what it has installed, or to
 * put the revision before back.
 */
export class RolloutWatch {
  readonly #cluster: RolloutCluster;
  readonly #target: RolloutTarget;
  readonly #tell: (message: string) => Promise<void>;
  readonly #clock: Clock;
  /** What was said before, by its version. */
  readonly #before = new Set<string>();
  /** What the cluster says as of the last look. */
  #events: readonly Remark[] = [];
  /** Of containers, which say only what they do now, by the container. */
  readonly #containers = new Map<string, Remark>();
  /** Why no node takes the pod, as of the last look at one. */
  #scheduling: Remark | undefined;
  /** Of containers that have ended, by the version of the remark. */
  readonly #logs = new Map<string, readonly string[]>();
  /** Since when an obstacle is in the way, by its id. */
  readonly #since = new Map<string, number>();
  readonly #told = new Set<string>();
  #hasEndedWait = false;
  #blindness: string | undefined;
  #running: Promise<void> | undefined;
  #ended = false;

  /**
   * @param cluster see {@link RolloutCluster}
   * @param target see {@link RolloutTarget}
   * @param tell tells the user something while Helm waits
   * @param clock whose pauses keep no process alive
   */
  constructor(
    cluster: RolloutCluster,
    target: RolloutTarget,
    tell: (message: string) => Promise<void>,
    clock: Clock,
  ) {
    this.#cluster = cluster;
    this.#target = target;
    this.#tell = tell;
    this.#clock = clock;
  }

  /** Begins to look. What the cluster has said before is not told. */
  async start(): Promise<void> {
    await this.#tolerant(async () => {
      for (const { version } of await rolloutEvents(this.#cluster.core, this.#target)) {
        this.#before.add(version);
      }
    });
    this.#running = this.#run();
  }

  /** Ends the looking. */
  async stop(): Promise<void> {
    this.#ended = true;
    await this.#running;
  }

  /**
   * Ends the looking, and says what kept the pod from coming.
   *
   * @returns undefined where nothing did that the cluster knows of
   */
  async failure(): Promise<string | undefined> {
    await this.stop();
    await this.#look();
    const remarks = this.#remarks;
    if (remarks.length === 0) {
      return this.#blindness;
    }
    const { namespace, names, stack } = this.#target;
    return [
      `The pod ${names.pod} in namespace ${namespace} did not get ready. What the cluster says, the newest last:`,
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
            "Helm would have waited for it until its time was up. The program has ended that by deleting the StatefulSet, which is what Helm complains of.",
          ]
        : []),
      ...obstaclesOf(remarks, this.#target).map(obstacleText),
      `Then deploy again: ${shell`pulumi up -s ${stack}`}`,
    ].join("\n");
  }

  async #run(): Promise<void> {
    while (!this.#ended) {
      const pod = await this.#look();
      await this.#tolerant(() => this.#judge(pod));
      await this.#clock.wait(interval);
    }
  }

  /** Takes in what the cluster says now, and returns the pod. */
  async #look(): Promise<V1Pod | undefined> {
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

  /** What was said since the beginning, the newest last. */
  get #remarks(): readonly Remark[] {
    return withoutRepetitions(
      [
        ...this.#events,
        ...(this.#scheduling === undefined ? [] : [this.#scheduling]),
        ...this.#containers.values(),
      ].sort((a, b) => a.time - b.time),
    );
  }

  /** Tells what lasts, and ends the wait for what cannot pass. */
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
      if (certainty === "passing" || now - since < toldAfter[certainty] || this.#told.has(id)) {
        continue;
      }
      this.#told.add(id);
      const ends = certainty === "certain" && (await this.#endWait());
      const { pod: name } = this.#target.names;
      const what = certainty === "certain" ? "cannot come" : "does not come";
      const next = ends
        ? "Helm's wait for it is ended."
        : "Helm waits for it until its time is up.";
      await this.#tell(`The pod ${name} ${what}. ${obstacleText(obstacle)}\n${next}`);
    }
  }

  /** The obstacles that are in the way now. */
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

  /** Lets Helm fail now, where that loses nothing. Once: what Helm does next is to stay. */
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

  /** Whatever cannot be seen, or done, is no reason for a deployment to fail. */
  async #tolerant<T>(work: () => Promise<T>): Promise<T | undefined> {
    try {
      return await work();
    } catch (error) {
      this.#blindness = `What keeps the pod ${this.#target.names.pod} from coming cannot be seen: ${messageOf(error)}`;
      return undefined;
    }
  }
}

/** How many remarks are shown. */
const mostRemarks = 12;

/** An obstacle, and what to do about it. */
export function obstacleText({ meaning, command }: Obstacle): string {
  return `${printableLine(meaning)}: ${command}`;
}

function isReady(pod: V1Pod | undefined): boolean {
  const ready = pod?.status?.conditions?.find(({ type }) => type === "Ready");
  return ready?.status === "True";
}

/** The home volume must outlive its StatefulSet: it has the certificates and the provider's keys. */
function deletesClaims(statefulSet: V1StatefulSet | undefined): boolean {
  const { spec } = statefulSet ?? {};
  return spec?.persistentVolumeClaimRetentionPolicy?.whenDeleted === "Delete";
}
