import { randomUUID } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";
import { RunError } from "@pulumi/pulumi";
import type { ServedZone } from "./delegation.ts";
import { zoneContains } from "./zone.ts";

/** A credential does not do what it is for. Its message never shows the credential. */
export class ProofError extends RunError {}

/** A step of a proof failed in a way that may pass: new keys and grants take a while to reach all of a cloud. */
export class NotYetError extends Error {
  /** How long the cloud asks to wait, in milliseconds. */
  readonly retryAfter: number | undefined;

  /**
   * @param message what is missing, as the sentence to end with if it stays so
   * @param headers those of the cloud's answer, which may say how long to wait
   */
  constructor(message: string, headers?: Headers) {
    super(message);
    const seconds = Number(headers?.get("retry-after") ?? undefined);
    this.retryAfter = Number.isFinite(seconds) ? seconds * 1_000 : undefined;
  }
}

/** What a proof is about. */
export interface ProofTarget {
  /** The host that the certificate is for. */
  readonly host: string;
  /** The provider's domain. */
  readonly domain: string;
  /** How long to wait for new keys and grants to work, in seconds. */
  readonly timeout: number;
  /**
   * Compares the zone with its delegation. Default: not compared.
   *
   * @throws ProofError when DNS looks elsewhere for sure
   */
  readonly compare?: ((zone: ServedZone) => Promise<void>) | undefined;
}

/**
 * The name of the proof's TXT record: `_akash-proof.` under the domain, or under the host where the zone holds no more.
 *
 * It is the same every time, so that a proof finds what an interrupted one left, and removes it.
 */
export function proofRecord({ host, domain }: ProofTarget, zone: string): string {
  return `_akash-proof.${zoneContains(zone, domain) ? domain : host}`;
}

/** The proof's TXT record at a cloud, where there may be more of its name. */
export interface ProofRecords<Found> {
  /** The record's name, as the cloud writes it. */
  readonly name: string;
  readonly find: () => Promise<readonly Found[]>;
  /** Writes the record, in place of those that an interrupted proof left. */
  readonly write: (content: string, leftover: readonly Found[]) => Promise<void>;
  /** Whether a record that was found has this content. */
  readonly holds: (found: Found, content: string) => boolean;
  readonly remove: (found: readonly Found[]) => Promise<void>;
}

/**
 * Writes the proof's record, reads it back and deletes it.
 *
 * @throws NotYetError when it is not there
 */
export async function writeReadDelete<Found>(records: ProofRecords<Found>): Promise<void> {
  const content = `"${randomUUID()}"`;
  await records.write(content, await records.find());
  const found = await records.find();
  if (!found.some((record) => records.holds(record, content))) {
    throw new NotYetError(`The TXT record ${records.name} was written, but is not there`);
  }
  await records.remove(found);
}

/** The first pause between two attempts; each further one is twice as long, up to the last. In milliseconds. */
const firstPause = 1_000;
const longestPause = 15_000;

/**
 * Repeats an attempt while it fails with {@link NotYetError}.
 *
 * @param timeout how long, in seconds
 * @throws ProofError with the last failure's sentence, after that time
 */
export async function waitOut(timeout: number, attempt: () => Promise<void>): Promise<void> {
  const deadline = Date.now() + timeout * 1_000;
  for (let pause = firstPause; ; pause = Math.min(2 * pause, longestPause)) {
    try {
      await attempt();
      return;
    } catch (error) {
      if (!(error instanceof NotYetError)) {
        throw error;
      }
      const wait = Math.max(error.retryAfter ?? 0, pause);
      if (Date.now() + wait > deadline) {
        throw new ProofError(
          `${error.message} (still so after ${timeout} s). The credential in use was left as it is; the next up tries again`,
        );
      }
      await delay(wait);
    }
  }
}
