import { randomUUID } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";
import { RunError } from "@pulumi/pulumi";
import type { ServedZone } from "./delegation.ts";
import { zoneContains } from "./zone.ts";

/** A credential cannot answer a challenge. The message never contains the credential. */
export class ProofError extends RunError {}

/** A step of a proof failed, possibly only for now: new keys and grants take time to propagate. */
export class NotYetError extends Error {
  /** The delay that the DNS provider asks for, in milliseconds. */
  readonly retryAfter: number | undefined;

  /**
   * @param message the reason, as the sentence of the final error
   * @param headers headers of the DNS provider's answer, for `Retry-After`
   */
  constructor(message: string, headers?: Headers) {
    super(message);
    const seconds = Number(headers?.get("retry-after") ?? undefined);
    this.retryAfter = Number.isFinite(seconds) ? seconds * 1_000 : undefined;
  }
}

/** The target of a proof. */
export interface ProofTarget {
  /** The host of the certificate. */
  readonly host: string;
  /** The provider's domain. */
  readonly domain: string;
  /** How long to wait for new keys and grants to work, in seconds. */
  readonly timeout: number;
  /**
   * Compares the zone with its delegation. Default: not compared.
   *
   * @throws ProofError when public DNS resolves the host elsewhere
   */
  readonly compare?: ((zone: ServedZone) => Promise<void>) | undefined;
}

/**
 * The name of the proof's TXT record: `_akash-proof.` under the domain, or under the host where the zone does not contain
 * the domain.
 *
 * The name is constant, so that a proof finds and deletes the record of an interrupted one.
 */
export function proofRecord({ host, domain }: ProofTarget, zone: string): string {
  return `_akash-proof.${zoneContains(zone, domain) ? domain : host}`;
}

/** The proof's TXT record at a DNS provider, which may hold several of the same name. */
export interface ProofRecords<Found> {
  /** The record's name, as the DNS provider writes it. */
  readonly name: string;
  readonly find: () => Promise<readonly Found[]>;
  /** Writes the record, and replaces those of an interrupted proof. */
  readonly write: (content: string, leftover: readonly Found[]) => Promise<void>;
  /** Whether a found record has this content. */
  readonly holds: (found: Found, content: string) => boolean;
  readonly remove: (found: readonly Found[]) => Promise<void>;
}

/**
 * Writes the proof's record, reads it back and deletes it.
 *
 * @throws NotYetError when the record cannot be read back
 */
export async function writeReadDelete<Found>(records: ProofRecords<Found>): Promise<void> {
  const content = `"${randomUUID()}"`;
  await records.write(content, await records.find());
  const found = await records.find();
  if (!found.some((record) => records.holds(record, content))) {
    throw new NotYetError(`The TXT record ${records.name} was written, but cannot be read back`);
  }
  await records.remove(found);
}

/** The first pause between two attempts, in milliseconds. Each pause is twice as long as the one before, up to the longest. */
const firstPause = 1_000;
const longestPause = 15_000;

/**
 * Retries while an attempt fails with {@link NotYetError}.
 *
 * @param timeout how long, in seconds
 * @throws ProofError with the message of the last failure, after that time
 */
export async function retryUntilTimeout(
  timeout: number,
  attempt: () => Promise<void>,
): Promise<void> {
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
          `${error.message} (retried for ${timeout} s). The credential in use was not changed; the next up retries`,
        );
      }
      await delay(wait);
    }
  }
}
