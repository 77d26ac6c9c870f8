import { getStack, log, RunError } from "@pulumi/pulumi";
import { removeOrphans, type CredentialInventory } from "../../dns/orphans.ts";
import { lastSegment } from "../../lib/names.ts";
import { systemClock, type Clock } from "../clock.ts";
import { credentialAnnotations } from "./annotations.ts";
import type { Annotations, ConsumerState } from "./consumerState.ts";
import { shell } from "../../lib/shell.ts";

/** What a pod may take beyond its grace period, in seconds: the garbage collector deletes it, and the kubelet reports its end. */
const endMargin = 15;
/** For how long nothing is said of the waiting, in milliseconds. */
const quiet = 2_000;
/** Pause between two looks, in milliseconds. */
const interval = 500;

/**
 * The rotation of a credential that several consumers may carry, step by step; docs/rotation-protocol.md draws it. Never
 * more than two credentials exist, the one in use and the next, and none goes while a consumer carries it.
 *
 * The protocol's annotations lie on the Secret of the first consumer that has one in the cluster: where a challenge is
 * switched on or off, that is another one than before.
 */
export class Rotation {
  readonly #consumers: readonly ConsumerState[];
  readonly #clock: Clock;

  /**
   * @param consumers what carries the credential
   * @param clock default: the system's
   */
  constructor(consumers: readonly ConsumerState[], clock: Clock = systemClock) {
    this.#consumers = consumers;
    this.#clock = clock;
  }

  /**
   * Before a credential is created: removes what interrupted runs left behind.
   *
   * @throws RunError when there are two credentials already, since the new one would be the third, and when nobody can
   *   tell which of several is in use
   */
  async makeRoom(inventory: CredentialInventory): Promise<void> {
    const protocol = await this.#protocolAnnotations();
    const inUse = await this.#idsInUse(protocol);
    const { [credentialAnnotations.next]: next } = protocol;
    const known = next === undefined ? inUse : inUse && [...inUse, next];
    const left = await removeOrphans(inventory, known);
    if (known === undefined && left.length > 1) {
      throw new RunError(
        `There are ${left.length} credentials already, ${left.join(" and ")}, and which of them is in use cannot be told: ` +
          `no Secret says which one the pod runs with. Put that right first, without --replace: ` +
          shell`pulumi refresh -s ${getStack()} --run-program && pulumi up -s ${getStack()}`,
      );
    }
    const unfinished = left.filter((id) => known?.includes(id));
    if (unfinished.length > 1) {
      throw new RunError(
        `There are two credentials already, ${unfinished.join(" and ")}, from a rotation that did not finish. ` +
          `Finish it first, without --replace: ${shell`pulumi up -s ${getStack()}`}`,
      );
    }
    if (left.length > 1) {
      const orphans = left.filter((id) => known?.includes(id) !== true);
      throw new RunError(
        `There are ${left.length} credentials already, and those that are not in use could not be removed. Remove them, and ` +
          `try again:\n${orphans.map((id) => `  ${inventory.removeCommand(id)}`).join("\n")}`,
      );
    }
  }

  /**
   * After a credential is created: notes it as the next, and the one in use as the previous, so that an interrupted run
   * leaves none of both unknown.
   *
   * @param id the cloud's id of the new credential
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
   * Before a credential is deleted. Waits for a pod with it that is going, since whoever deletes the pod's StatefulSet, as
   * `pulumi destroy` does, need not have waited for the pod.
   *
   * @param digest the credential's digest; undefined where it is not known, and then nothing is refused
   * @throws RunError when a consumer carries it, and goes on doing so
   */
  async refuseWhileInUse(digest: string | undefined): Promise<void> {
    if (digest === undefined) {
      return;
    }
    for (const consumer of this.#consumers) {
      await this.#refuseWhileCarried(consumer, digest);
    }
  }

  async #refuseWhileCarried(consumer: ConsumerState, digest: string): Promise<void> {
    const { pod, annotations, runningPod } = consumer;
    if (pod === undefined) {
      if ((await annotations())[credentialAnnotations.digest] === digest) {
        throw new RunError(stillHeld(consumer));
      }
      return;
    }
    const begun = this.#clock.now();
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
      const waited = this.#clock.now() - begun;
      if (waited > (seconds + endMargin) * 1_000) {
        throw new RunError(doesNotEnd(pod, seconds));
      }
      if (waited > quiet && !announced) {
        announced = true;
        await log.info(
          `Waiting up to ${seconds + endMargin} s for the pod ${pod} to end, which runs with this credential`,
        );
      }
      await this.#clock.wait(interval);
    }
  }

  /**
   * Removes the credentials that an interrupted run made and Pulumi never heard of.
   *
   * @param current the id of the credential that Pulumi knows
   */
  async removeOrphans(current: string, inventory: CredentialInventory): Promise<void> {
    const inUse = await this.#idsInUse(await this.#protocolAnnotations());
    await removeOrphans(inventory, inUse && [current, ...inUse]);
  }

  async #protocolAnnotations(): Promise<Annotations> {
    return (await (await this.#holder())?.annotations()) ?? {};
  }

  /** The consumer whose Secret has the protocol's annotations. */
  async #holder(): Promise<ConsumerState | undefined> {
    for (const consumer of this.#consumers) {
      if ((await consumer.annotations())[credentialAnnotations.digest] !== undefined) {
        return consumer;
      }
    }
    return this.#consumers[0];
  }

  /** Ids of the credentials that consumers carry; undefined where that cannot be told. */
  async #idsInUse(protocol: Annotations): Promise<readonly string[] | undefined> {
    const ids: string[] = [];
    for (const consumer of this.#consumers) {
      const carried = await idsCarriedBy(consumer, protocol);
      if (carried === undefined) {
        return undefined;
      }
      ids.push(...carried);
    }
    return ids;
  }
}

/**
 * Ids of the credentials that the Secret and the pod have. Until the pod is the new one, it has the previous. Undefined
 * where the pod has one that no Secret tells: because somebody has deleted it, or because the rotation that put another
 * credential into it could not note the previous one.
 */
async function idsCarriedBy(
  { pod, annotations, runningPod }: ConsumerState,
  protocol: Annotations,
): Promise<readonly string[] | undefined> {
  const { [credentialAnnotations.id]: id, [credentialAnnotations.digest]: digest } =
    await annotations();
  const { [credentialAnnotations.next]: next, [credentialAnnotations.previous]: previous } =
    protocol;
  const running = (await runningPod())?.digest;
  const rolled = pod === undefined || running === digest;
  // What is noted is of this rotation when its next one is what the Secret has.
  const isNoted = previous !== undefined && next === id;
  if (running !== undefined && (id === undefined || (!rolled && !isNoted))) {
    return undefined;
  }
  return [id, ...(rolled ? [] : [previous])].filter((known) => known !== undefined);
}

function deletesIt(): string {
  return `this deletes it: ${shell`pulumi up -s ${getStack()}`}`;
}

function stillHeld({ secret }: ConsumerState): string {
  return `The Secret ${secret ?? ""} still holds this credential, so it is not deleted. When the Secret holds the new one, ${deletesIt()}`;
}

function stillRuns(pod: string): string {
  return `The pod ${pod} still runs with this credential, so it is not deleted. When the pod runs with the new one, ${deletesIt()}`;
}

function doesNotEnd(pod: string, seconds: number): string {
  return (
    `The pod ${pod} was to end within ${seconds} s, and is still there with this credential, so it is not deleted. ` +
    "Its node may be down. When the pod is gone, the same command deletes it"
  );
}
