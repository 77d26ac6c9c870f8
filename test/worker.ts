/** One file of end-to-end tests in a process and a sandbox of its own. Reports its results to the process that forked it. */
import { runSuite } from "./suite.ts";
import { stopTestSandbox } from "./support/sandbox.ts";

const [file = "", timeout = "", grep] = process.argv.slice(2);
try {
  const results = await runSuite([file], { timeout: Number(timeout), grep });
  await new Promise((sent) => process.send?.(results, sent));
} finally {
  await stopTestSandbox();
}
// What a test has left open would keep this process, and all that wait for it.
process.exit();
