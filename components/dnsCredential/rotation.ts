import { getStack, RunError } from "@pulumi/pulumi";
import { removeOrphans, type CredentialInventory } from "../../dns/orphans.ts";
import { lastSegment } from "../../lib/names.ts";
import { credentialAnnotations } from "./annotations.ts";
import type { Annotations, ConsumerState } from "./consumerState.ts";

/**
 * The rotation of a credential that several consumers may carry, step by step; docs/rotation-protocol.md draws it. Never
 * more than two credentials exist, the one in use and the next, and none goes while a consumer carries it.
 *
 * The protocol's annotations lie on the Secret of the first consumer.
 */
export class Rotation {
  readonly #consumers: readonly ConsumerState[];

  constructor(consumers: readonly ConsumerState[]) {
    this.#consumers = consumers;
  }

  /**
   * Before a credential is created: removes what interrupted runs left behind.
   *
   * @throws RunError when there are two credentials already, since the new one would be the third, and when nobody can
   *   tell which of several is in use
   */
  async makeRoom(inventory: CredentialInventory): Promise<void> {
    const inUse = await this.#idsInUse();
    const next = (await this.#protocolAnnotations())[credentialAnnotations.next];
    const known = next === undefined ? inUse : inUse && [...inUse, next];
    const left = await removeOrphans(inventory, known);
    if (known === undefined && left.length > 1) {
      throw new RunError(
        `There are ${left.length} credentials already, ${left.join(" and ")}, and which of them is in use cannot be told: ` +
          `no Secret says which one the pod runs with. Put that right first, without --replace: ` +
          `pulumi refresh -s ${getStack()} --run-program && pulumi up -s ${getStack()}`,
      );
    }
    const unfinished = left.filter((id) => known?.includes(id));
    if (unfinished.length > 1) {
      throw new RunError(
        `There are two credentials already, ${unfinished.join(" and ")}, from a rotation that did not finish. ` +
          `Finish it first, without --replace: pulumi up -s ${getStack()}`,
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
    const { [credentialAnnotations.id]: previous } = await this.#protocolAnnotations();
    await this.#consumers[0]?.annotate({
      [credentialAnnotations.next]: lastSegment(id),
      ...(previous !== undefined && { [credentialAnnotations.previous]: previous }),
    });
  }

  /**
   * Before a credential is deleted.
   *
   * @param digest the credential's digest; undefined where it is not known, and then nothing is refused
   * @throws RunError when a consumer carries it
   */
  async refuseWhileInUse(digest: string | undefined): Promise<void> {
    for (const consumer of this.#consumers) {
      if (digest !== undefined && (await carriedDigest(consumer)) === digest) {
        throw new RunError(stillInUse(consumer));
      }
    }
  }

  /**
   * Removes the credentials that an interrupted run made and Pulumi never heard of.
   *
   * @param current the id of the credential that Pulumi knows
   */
  async removeOrphans(current: string, inventory: CredentialInventory): Promise<void> {
    const inUse = await this.#idsInUse();
    await removeOrphans(inventory, inUse && [current, ...inUse]);
  }

  async #protocolAnnotations(): Promise<Annotations> {
    return (await this.#consumers[0]?.annotations()) ?? {};
  }

  /** Ids of the credentials that consumers carry; undefined where that cannot be told. */
  async #idsInUse(): Promise<readonly string[] | undefined> {
    const protocol = await this.#protocolAnnotations();
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
  { pod, annotations, runningDigest }: ConsumerState,
  protocol: Annotations,
): Promise<readonly string[] | undefined> {
  const { [credentialAnnotations.id]: id, [credentialAnnotations.digest]: digest } =
    await annotations();
  const { [credentialAnnotations.next]: next, [credentialAnnotations.previous]: previous } =
    protocol;
  const running = await runningDigest();
  const rolled = pod === undefined || running === digest;
  // What is noted is of this rotation when its next one is what the Secret has.
  const isNoted = previous !== undefined && next === id;
  if (running !== undefined && (id === undefined || (!rolled && !isNoted))) {
    return undefined;
  }
  return [id, ...(rolled ? [] : [previous])].filter((known) => known !== undefined);
}

/** The digest of the credential that a consumer works with: its pod's, or its Secret's where that is read anew each time. */
async function carriedDigest({
  pod,
  annotations,
  runningDigest,
}: ConsumerState): Promise<string | undefined> {
  return pod === undefined
    ? (await annotations())[credentialAnnotations.digest]
    : await runningDigest();
}

function stillInUse({ pod, secret }: ConsumerState): string {
  const deletes = `pulumi up -s ${getStack()} deletes it`;
  return pod === undefined
    ? `The Secret ${secret ?? ""} still holds this credential, so it is not deleted. When the Secret holds the new one, ${deletes}`
    : `The pod ${pod} still runs with this credential, so it is not deleted. When the pod runs with the new one, ${deletes}`;
}
