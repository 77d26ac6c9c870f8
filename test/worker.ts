/** Runs some test files in a process and a sandbox of their own. Reports the results to the parent process. */
import { runSuite, type SuiteOptions } from "./suite.ts";
import { stopTestSandbox } from "./support/sandbox.ts";

const [job = ""] = process.argv.slice(2);
try {
  const { files, ...options } = JSON.parse(job) as SuiteOptions & { readonly files: string[] };
  const results = await runSuite(files, options);
  await new Promise((sent) => process.send?.(results, sent));
} finally {
  await stopTestSandbox();
}
// A handle that a test has left open would keep this process alive, and its parent waiting.
process.exit();
