import { setTimeout as delay } from "node:timers/promises";
import { messageOf, UserError } from "../../lib/errors.ts";

/** Options of {@link waitFor}. */
export interface WaitOptions {
  /** The subject of "… was not ready within 30 s". */
  readonly what: string;
  /** Timeout in milliseconds. */
  readonly timeout: number;
  /** Milliseconds between two attempts. @default 100 */
  readonly interval?: number;
}

/**
 * Calls `check` until it returns a value other than undefined or false, and returns that value. A `check` that
 * throws is retried, unless it throws a {@link UserError}, which ends the wait.
 *
 * @throws UserError after the timeout, with the error of the last attempt.
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
