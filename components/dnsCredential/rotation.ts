import { getStack, log, RunError } from "@pulumi/pulumi";
import { removeOrphans, type CredentialInventory } from "../../dns/orphans.ts";
import { lastSegment } from "../../lib/names.ts";
import { systemClock, type Clock } from "../clock.ts";
import { credentialAnnotations } from "./annotations.ts";
import type { Annotations, ConsumerState } from "./consumerState.ts";
import { shell } from "../../lib/shell.ts";

/** Time beyond a pod's grace period, in seconds, for the garbage collector's deletion and the kubelet's report. */
const endMargin = 15;
/** How long to wait before printing a message, in milliseconds. */
const quiet = 2_000;
/** Pause between two checks, in milliseconds. */
const interval = 500;

/**
 * The rotation of a credential with any number of consumers, step by step, as in docs/rotation-protocol.md. At most two
 * credentials exist, the one in use and the next, and none is deleted while a consumer uses it.
 *
 * The Secret of the first consumer that has one in the cluster holds the protocol's annotations. A changed challenge may
 * change this Secret.
 */
export class Rotation {
  readonly #consumers: readonly ConsumerState[];
  readonly #clock: Clock;

  /**
   * @param consumers the consumers of the credential
   * @param clock default: the system's
   */
  constructor(consumers: readonly ConsumerState[], clock: Clock = systemClock) {
    this.#consumers = consumers;
    this.#clock = clock;
  }

  /**
   * Before a credential is created: deletes the orphans of interrupted runs.
   *
   * @throws RunError when there are two credentials already, since the new one would be the third, and when it is unknown
   *   which of several is in use
   */
  async makeRoom(inventory: CredentialInventory): Promise<void> {
    const protocol = await this.#protocolAnnotations();
    const inUse = await this.#idsInUse(protocol);
    const { [credentialAnnotations.next]: next } = protocol;
    const known = next === undefined ? inUse : inUse && [...inUse, next];
    const left = await removeOrphans(inventory, known);
    if (known === undefined && left.length > 1) {
      throw new RunError(
        `There are ${left.length} credentials already, ${left.join(" and ")}, and it is unknown which of them is in use: ` +
          `no Secret has the id of the pod's credential. Fix this first, without --replace: ` +
          shell`pulumi refresh -s ${getStack()} --run-program && pulumi up -s ${getStack()}`,
      );
    }
    const unfinished = left.filter((id) => known?.includes(id));
    if (unfinished.length > 1) {
      throw new RunError(
        `There are two credentials already, ${unfinished.join(" and ")}, from an unfinished rotation. ` +
          `Finish the rotation first, without --replace: ${shell`pulumi up -s ${getStack()}`}`,
      );
    }
    if (left.length > 1) {
      const orphans = left.filter((id) => known?.includes(id) !== true);
      throw new RunError(
        `There are ${left.length} credentials already, and the orphans among them could not be deleted. Delete them, and ` +
          `retry:\n${orphans.map((id) => `  ${inventory.removeCommand(id)}`).join("\n")}`,
      );
    }
  }

  /**
   * After a credential is created: records it as the next, and the one in use as the previous, so that both are known after
   * an interrupted run.
   *
   * @param id the new credential's id at the DNS provider
   */
  async noteNext(id: string): Promise<void> {
    const holder = await this.#holder();
    const { [credentialAnnotations.id]: previous } = (await holder?.annotations()) ?? {};
    await holder?.annotate({
      [credentialAnnotations.next]: lastSegment(id),
      ...(previous !== undefined && { [credentialAnnotations.previous]: previous }),
    });
  }

  /**
   * Before a credential is deleted: waits for a terminating pod that uses it, since `pulumi destroy` deletes the pod's
   * StatefulSet without waiting for the pod.
   *
   * @param digest the credential's digest; undefined where it is unknown, in which case nothing is refused
   * @throws RunError when a consumer keeps using the credential
   */
  async refuseWhileInUse(digest: string | undefined): Promise<void> {
    if (digest === undefined) {
      return;
    }
    for (const consumer of this.#consumers) {
      await this.#refuseWhileUsedBy(consumer, digest);
    }
  }

  async #refuseWhileUsedBy(consumer: ConsumerState, digest: string): Promise<void> {
    const { pod, annotations, runningPod } = consumer;
    if (pod === undefined) {
      if ((await annotations())[credentialAnnotations.digest] === digest) {
        throw new RunError(stillHeld(consumer));
      }
      return;
    }
    const start = this.#clock.now();
    let announced = false;
    for (;;) {
      const found = await runningPod();
      if (found?.digest !== digest) {
        return;
      }
      const seconds = await found.secondsToEnd();
      if (seconds === undefined) {
        throw new RunError(stillRuns(pod));
      }
      const waited = this.#clock.now() - start;
      if (waited > (seconds + endMargin) * 1_000) {
        throw new RunError(doesNotEnd(pod, seconds));
      }
      if (waited > quiet && !announced) {
        announced = true;
        await log.info(
          `Waiting up to ${seconds + endMargin} s for the pod ${pod}, which uses this credential, to terminate`,
        );
      }
      await this.#clock.wait(interval);
    }
  }

  /**
   * Deletes the orphans of interrupted runs.
   *
   * @param current the id of the credential in the state
   */
  async removeOrphans(current: string, inventory: CredentialInventory): Promise<void> {
    const inUse = await this.#idsInUse(await this.#protocolAnnotations());
    await removeOrphans(inventory, inUse && [current, ...inUse]);
  }

  async #protocolAnnotations(): Promise<Annotations> {
    return (await (await this.#holder())?.annotations()) ?? {};
  }

  /** The consumer whose Secret holds the protocol's annotations. */
  async #holder(): Promise<ConsumerState | undefined> {
    for (const consumer of this.#consumers) {
      if ((await consumer.annotations())[credentialAnnotations.digest] !== undefined) {
        return consumer;
      }
    }
    return this.#consumers[0];
  }

  /** Ids of the credentials that consumers use; undefined where they are unknown. */
  async #idsInUse(protocol: Annotations): Promise<readonly string[] | undefined> {
    const ids: string[] = [];
    for (const consumer of this.#consumers) {
      const used = await idsUsedBy(consumer, protocol);
      if (used === undefined) {
        return undefined;
      }
      ids.push(...used);
    }
    return ids;
  }
}

/**
 * Ids of the credentials of the Secret and the pod. Until its restart, the pod uses the previous credential. Undefined where
 * no Secret has the id of the pod's credential: the Secret was deleted, or a rotation replaced its credential without
 * recording the previous one.
 */
async function idsUsedBy(
  { pod, annotations, runningPod }: ConsumerState,
  protocol: Annotations,
): Promise<readonly string[] | undefined> {
  const { [credentialAnnotations.id]: id, [credentialAnnotations.digest]: digest } =
    await annotations();
  const { [credentialAnnotations.next]: next, [credentialAnnotations.previous]: previous } =
    protocol;
  const running = (await runningPod())?.digest;
  const rolled = pod === undefined || running === digest;
  // The recorded ids belong to this rotation if its next credential is the Secret's.
  const isNoted = previous !== undefined && next === id;
  if (running !== undefined && (id === undefined || (!rolled && !isNoted))) {
    return undefined;
  }
  return [id, ...(rolled ? [] : [previous])].filter((known) => known !== undefined);
}

function thenDelete(): string {
  return `delete the old one with: ${shell`pulumi up -s ${getStack()}`}`;
}

function stillHeld({ secret }: ConsumerState): string {
  return `The credential was not deleted: the Secret ${secret ?? ""} still contains it. Once the Secret contains the new one, ${thenDelete()}`;
}

function stillRuns(pod: string): string {
  return `The credential was not deleted: the pod ${pod} still uses it. Once the pod uses the new one, ${thenDelete()}`;
}

function doesNotEnd(pod: string, seconds: number): string {
  return (
    `The credential was not deleted: the pod ${pod} still uses it, and did not terminate within its grace period of ${seconds} s. ` +
    "The pod's node may be down. Once the pod is gone, the same command deletes the credential"
  );
}
