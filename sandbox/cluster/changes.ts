import { setTimeout as delay } from "node:timers/promises";
import { Watch, type KubeConfig } from "../../lib/kubernetesClient.ts";
import { messageOf } from "../../lib/errors.ts";

/** How long to do without news of a change, in milliseconds: a watch may break without saying so. */
const longestWait = 10_000;
/** Pause before a watch that has ended is begun again, in milliseconds. */
const pause = 500;

/**
 * Does something at first, and again whenever the objects of a path have changed. What fails is written to stderr and
 * done again: the API server may be away for a moment.
 *
 * @param config the cluster
 * @param paths lists of the API, such as `/api/v1/persistentvolumes`
 * @param work looks at the objects and puts them in order; never at work twice at a time
 */
export async function withEachChange(
  config: KubeConfig,
  paths: readonly string[],
  work: () => Promise<void>,
): Promise<never> {
  let changed = Promise.withResolvers<undefined>();
  for (const path of paths) {
    void watchForever(config, path, () => {
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
async function watchForever(
  config: KubeConfig,
  path: string,
  onChange: () => void,
): Promise<never> {
  const watch = new Watch(config);
  for (;;) {
    const { promise: ended, resolve } = Promise.withResolvers<unknown>();
    await watch.watch(path, {}, onChange, resolve);
    const error = await ended;
    if (error !== null) {
      report(error);
    }
    await delay(pause);
  }
}

function report(error: unknown): void {
  process.stderr.write(`${new Date().toISOString()} ${messageOf(error)}\n`);
}
