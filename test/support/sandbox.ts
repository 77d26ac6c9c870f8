import { join } from "node:path";
import { startSandbox, stopSandbox, type Sandbox } from "../../sandbox/cluster/sandbox.ts";
import { projectDirectory } from "../../sandbox/paths.ts";
import { silentReporter } from "../../sandbox/processes/progress.ts";

/**
 * Separate from the user's own sandbox, which tests never use. `SANDBOX_TEST_DIRECTORY` names another folder, for
 * two test runs at the same time.
 */
const directory = join(projectDirectory, process.env.SANDBOX_TEST_DIRECTORY ?? ".sandbox-test");

let started: Promise<Sandbox> | undefined;

/** The sandbox of the end-to-end tests, started in an empty folder at the first call. */
export function testSandbox(): Promise<Sandbox> {
  started ??= startSandbox({ directory, reporter: silentReporter, fresh: true });
  return started;
}

/** Stops the sandbox and deletes its data. */
export async function stopTestSandbox(): Promise<void> {
  if (started !== undefined) {
    await stopSandbox(directory, { clean: true });
  }
}
