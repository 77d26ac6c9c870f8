import { join } from "node:path";
import { startSandbox, stopSandbox, type Sandbox } from "../../sandbox/cluster/sandbox.ts";
import { projectDirectory } from "../../sandbox/paths.ts";
import { silentReporter } from "../../sandbox/processes/progress.ts";

/**
 * Beside the user's own sandbox, which a test never touches. `SANDBOX_TEST_DIRECTORY` names another one, for a second
 * run of tests at the same time.
 */
const directory = join(projectDirectory, process.env.SANDBOX_TEST_DIRECTORY ?? ".sandbox-test");

let started: Promise<Sandbox> | undefined;

/** The sandbox of the end-to-end tests, started on an empty folder by the first that asks. */
export function testSandbox(): Promise<Sandbox> {
  started ??= startSandbox({ directory, reporter: silentReporter, fresh: true });
  return started;
}

/** Ends it and deletes what it left. */
export async function stopTestSandbox(): Promise<void> {
  if (started !== undefined) {
    await stopSandbox(directory, { clean: true });
  }
}
