/**
 * Why not mocha's own parallel mode? It was tried (mocha 11.8, `parallel`, `jobs: 3`, a root hook that stops the sandbox).
 * It begins the files in the given order, counts right, and its `MOCHA_WORKER_ID` makes a folder for each process; but:
 *
 * - A file whose process dies, or which cannot be loaded, is reported as `Uncaught error outside test suite`, without its
 *   name and without the tests that had ended; of two such files, the second one's error is not shown at all.
 * - Errors lose their `cause` on the way to the parent, which is where `fetch` says why it failed.
 * - A process that takes the place of a dead one has another number, so that the dead one's sandbox would run on.
 * - What tests print comes at once, among the results of other files.
 * - One process runs many files, which share its modules and environment.
 */
import { fork, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { text } from "node:stream/consumers";
import { styleText } from "node:util";
import type { Results } from "./suite.ts";

/** What one process runs. */
export interface Job {
  /** What its output is shown under. */
  readonly name: string;
  readonly files: readonly string[];
}

/** How tests are run side by side. */
export interface ParallelOptions {
  /** How many processes at a time. Each that asks for it has a sandbox of its own, of 1 GB. */
  readonly workers: number;
  /** How long a test may take, in milliseconds. */
  readonly timeout: number;
  readonly grep: string | undefined;
}

/**
 * Runs each job in a process with a sandbox of its own, and shows its output when it is done, or at once where it is the
 * only one: much of the time the tests wait, for Helm, for a CA, for a deadline.
 *
 * @param jobs in the order in which they begin; the longest should be the first
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
      // It may have failed after its tests, too; and it has not ended its sandbox.
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
