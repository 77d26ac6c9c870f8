import { fork } from "node:child_process";
import { once } from "node:events";
import { text } from "node:stream/consumers";
import { styleText } from "node:util";
import type { Counts } from "./suite.ts";

/** How end-to-end tests are run side by side. */
export interface ParallelOptions {
  /** How many files at a time. Each has a sandbox of its own, of 1 GB. */
  readonly workers: number;
  /** How long a test may take, in milliseconds. */
  readonly timeout: number;
  readonly grep: string | undefined;
}

/**
 * Runs each file in a process with a sandbox of its own, and shows its output when it is done: most of the time the
 * tests wait, for Helm, for a CA, for a deadline.
 *
 * @param files in the order in which they begin; the longest should be the first
 */
export async function runParallel(
  files: readonly string[],
  { workers, timeout, grep }: ParallelOptions,
): Promise<Counts[]> {
  const waiting = [...files];
  const results: Counts[] = [];
  const work = async (worker: number) => {
    for (let file = waiting.shift(); file !== undefined; file = waiting.shift()) {
      console.log(`… ${file}`);
      const args = [file, String(timeout), ...(grep === undefined ? [] : [grep])];
      const child = fork("test/worker.ts", args, {
        silent: true,
        env: { ...process.env, SANDBOX_TEST_DIRECTORY: `.sandbox-test-${worker}` },
      });
      let counts: Counts = { passed: 0, failed: 1, skipped: 0 };
      child.on("message", (message) => {
        counts = message as Counts;
      });
      const [output, errors] = await Promise.all([
        text(child.stdout!),
        text(child.stderr!),
        once(child, "exit"),
      ]);
      console.log(`${styleText("bold", file)}${output}${errors}`);
      results.push(counts);
    }
  };
  await Promise.all(Array.from({ length: workers }, (_, worker) => work(worker + 1)));
  return results;
}
