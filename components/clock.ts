import { setTimeout as delay } from "node:timers/promises";

/** The time, which tests make pass faster. */
export interface Clock {
  /** The present, in milliseconds since 1970. */
  readonly now: () => number;
  /** Resolves after so many milliseconds. */
  readonly wait: (milliseconds: number) => Promise<unknown>;
}

/** The system's. */
export const systemClock: Clock = {
  now: () => Date.now(),
  wait: (milliseconds) => delay(milliseconds),
};
