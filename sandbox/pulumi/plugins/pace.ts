import { setTimeout as delay } from "node:timers/promises";

/**
 * Scales the pauses of the official plugins: 1 for the same length, 0 (the default) for none. The official plugins
 * wait until the APIs are consistent; the emulators require that only if a test sets delays.
 */
const pace = Number(process.env.SANDBOX_PLUGIN_PACE ?? 0) || 0;

/** The minimum pause between two attempts, as a part of the official pause. */
const leastBackOff = 0.1;

/** Waits for the API to become consistent, for the official plugin's time in seconds, times the pace. */
export async function settle(seconds: number): Promise<void> {
  if (pace > 0) {
    await delay(seconds * pace * 1000);
  }
}

/** Waits before a retry. */
export async function backOff(seconds: number): Promise<void> {
  await delay(seconds * Math.max(pace, leastBackOff) * 1000);
}
