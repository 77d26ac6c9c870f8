/** One file of end-to-end tests in a process and a sandbox of its own. Reports its counts to the process that forked it. */
import { runSuite } from "./suite.ts";
import { stopTestSandbox } from "./support/sandbox.ts";

const [file = "", timeout = "", grep] = process.argv.slice(2);
try {
  process.send?.(await runSuite([file], { timeout: Number(timeout), grep }));
} finally {
  await stopTestSandbox();
}
process.disconnect();
