import { setTimeout as delay } from "node:timers/promises";
import { messageOf, UserError } from "../../lib/errors.ts";

/** How {@link waitFor} waits. */
export interface WaitOptions {
  /** What is waited for, as the subject of "… was not ready within 30 s". */
  readonly what: string;
  /** After how many milliseconds to give up. */
  readonly timeout: number;
  /** Milliseconds between two tries. @default 100 */
  readonly interval?: number;
}

/**
 * Tries `check` until it returns something other than undefined or false, and returns that. A check that
 * throws counts as "not yet", unless it throws a {@link UserError}, which ends the wait.
 *
 * @throws UserError after the timeout, with what the last try said.
 */
export async function waitFor<T>(
  check: () => Promise<T | undefined | false> | T | undefined | false,
  { what, timeout, interval = 100 }: WaitOptions,
): Promise<T> {
  const deadline = Date.now() + timeout;
  let last = "";
  for (;;) {
    try {
      const result = await check();
      if (result !== undefined && result !== false) {
        return result;
      }
    } catch (error) {
      if (error instanceof UserError) {
        throw error;
      }
      last = `: ${messageOf(error)}`;
    }
    if (Date.now() >= deadline) {
      throw new UserError(`${what} was not ready within ${Math.round(timeout / 1000)} s${last}`);
    }
    await delay(interval);
  }
}
