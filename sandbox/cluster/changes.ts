import { setTimeout as delay } from "node:timers/promises";
import { messageOf } from "../../lib/errors.ts";
import type { Api } from "./api.ts";

/** Maximum time without a notification, in milliseconds: a watch may break without an error. */
const longestWait = 10_000;
/** Pause before an ended watch is started again, in milliseconds. */
const pause = 500;

/**
 * Runs `work` once, and again after each change of the objects at the paths. An error is written to stderr and
 * `work` is retried, because the API server may be briefly unavailable.
 *
 * @param api the cluster's API
 * @param paths lists of the API, such as `/api/v1/persistentvolumes`
 * @param work reads the objects and reconciles them; calls do not overlap
 */
export async function withEachChange(
  api: Api,
  paths: readonly string[],
  work: () => Promise<void>,
): Promise<never> {
  let changed = Promise.withResolvers<undefined>();
  for (const path of paths) {
    void watchForever(api, path, () => {
      changed.resolve(undefined);
    });
  }
  for (;;) {
    // A change from here on triggers the next round.
    changed = Promise.withResolvers();
    try {
      await work();
    } catch (error) {
      report(error);
      await delay(pause);
      continue;
    }
    await Promise.race([changed.promise, delay(longestWait)]);
  }
}

/** A watch begins with all existing objects; the API server ends it after some minutes. */
async function watchForever(api: Api, path: string, onChange: () => void): Promise<never> {
  for (;;) {
    await api.watch(path, onChange).catch(report);
    await delay(pause);
  }
}

function report(error: unknown): void {
  process.stderr.write(`${new Date().toISOString()} ${messageOf(error)}\n`);
}
