import { setTimeout as delay } from "node:timers/promises";

/** The time, which tests can speed up. */
export interface Clock {
  /** The current time, in milliseconds since 1970. */
  readonly now: () => number;
  /** Resolves after a number of milliseconds. */
  readonly wait: (milliseconds: number) => Promise<unknown>;
}

/** The system's clock. */
export const systemClock: Clock = {
  now: () => Date.now(),
  wait: (milliseconds) => delay(milliseconds),
};
