import { setTimeout as delay } from "node:timers/promises";

/**
 * How long the waits of the official plugins last here: 1 for as long as there, 0 (the default) for not at all. They
 * wait for clouds that take a while to agree with themselves; the emulators need that only where a test asks for it.
 */
const pace = Number(process.env.SANDBOX_PLUGIN_PACE ?? 0) || 0;

/** Between two tries there is always a pause, a tenth of the official one or more. */
const leastBackOff = 0.1;

/** Waits for the cloud to settle, as many seconds as the official plugin does, times the pace. */
export async function settle(seconds: number): Promise<void> {
  if (pace > 0) {
    await delay(seconds * pace * 1000);
  }
}

/** Waits before another try. */
export async function backOff(seconds: number): Promise<void> {
  await delay(seconds * Math.max(pace, leastBackOff) * 1000);
}
