/**
 * Why not mocha's own parallel mode? It was evaluated (mocha 11.8, `parallel`, `jobs: 3`, a root hook that stops
 * the sandbox). It starts the files in the given order, counts correctly, and its `MOCHA_WORKER_ID` identifies a
 * folder for each process. However:
 *
 * - A file whose process dies, or which cannot be loaded, is reported as `Uncaught error outside test suite`,
 *   without its name and without the tests that had ended. Of two such files, the second one's error is not shown at all.
 * - Errors lose their `cause` on the way to the parent; `fetch` puts its reason there.
 * - A process that replaces a dead one has another number, so the dead one's sandbox would continue to run.
 * - The output of tests is printed at once, between the results of other files.
 * - One process runs many files, which share its modules and environment.
 */
import { fork, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { text } from "node:stream/consumers";
import { styleText } from "node:util";
import type { Results } from "./suite.ts";

/** The work of one process. */
export interface Job {
  /** The heading of its output. */
  readonly name: string;
  readonly files: readonly string[];
}

/** Options for running tests in parallel. */
export interface ParallelOptions {
  /** The number of parallel processes. Each one that requires a sandbox has its own, which uses 1 GB. */
  readonly workers: number;
  /** Timeout of a test, in milliseconds. */
  readonly timeout: number;
  readonly grep: string | undefined;
}

/**
 * Runs each job in a process with a sandbox of its own. The output is shown when the job is done, or at once for a
 * single job. Parallel processes pay off because the tests often wait, for Helm, for a CA, or for a deadline.
 *
 * @param jobs in the order of their start; the longest should be the first
 */
export async function runParallel(
  jobs: readonly Job[],
  { workers, timeout, grep }: ParallelOptions,
): Promise<Results[]> {
  const waiting = [...jobs];
  const alone = jobs.length === 1;
  const all: Results[] = [];
  const work = async (worker: number) => {
    for (let job = waiting.shift(); job !== undefined; job = waiting.shift()) {
      const { name, files } = job;
      console.log(`… ${name}`);
      const args = [JSON.stringify({ files, timeout, grep })];
      const folder = `.sandbox-test-${worker}`;
      const child = fork("test/worker.ts", args, {
        silent: !alone,
        env: { ...process.env, SANDBOX_TEST_DIRECTORY: folder },
      });
      let results: Results | undefined;
      child.on("message", (message) => {
        results = message as Results;
      });
      const [output, errors, status] = await Promise.all([
        child.stdout === null ? "" : text(child.stdout),
        child.stderr === null ? "" : text(child.stderr),
        exitStatus(child),
      ]);
      if (!alone) {
        console.log(`${styleText("bold", name)}${output}${errors}`);
      }
      if (status === 0 && results !== undefined) {
        all.push(results);
        continue;
      }
      // The process may also have failed after its tests; it has not stopped its sandbox.
      const death = { name, reason: `its process ended with ${status ?? "a signal"}` };
      const { passed = 0, failures = [], skipped = 0 } = results ?? {};
      all.push({ passed, failures: [...failures, death], skipped });
      const { stopSandbox } = await import("../sandbox/cluster/sandbox.ts");
      await stopSandbox(folder, { clean: true });
    }
  };
  await Promise.all(Array.from({ length: workers }, (_, worker) => work(worker + 1)));
  return all;
}

async function exitStatus(child: ChildProcess): Promise<number | null> {
  const [status] = (await once(child, "exit")) as [number | null];
  return status;
}
