import { setTimeout as delay } from "node:timers/promises";
import { messageOf } from "../../lib/errors.ts";
import type { Api } from "./api.ts";

/** How long to do without news of a change, in milliseconds: a watch may break without saying so. */
const longestWait = 10_000;
/** Pause before a watch that has ended is begun again, in milliseconds. */
const pause = 500;

/**
 * Does something at first, and again whenever the objects of a path have changed. What fails is written to stderr and
 * done again: the API server may be away for a moment.
 *
 * @param api the cluster's
 * @param paths lists of the API, such as `/api/v1/persistentvolumes`
 * @param work looks at the objects and puts them in order; never at work twice at a time
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
    // What changes from here on is seen by the next round.
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

/** A watch begins with all objects that are there, and is ended by the API server after some minutes. */
async function watchForever(api: Api, path: string, onChange: () => void): Promise<never> {
  for (;;) {
    await api.watch(path, onChange).catch(report);
    await delay(pause);
  }
}

function report(error: unknown): void {
  process.stderr.write(`${new Date().toISOString()} ${messageOf(error)}\n`);
}
