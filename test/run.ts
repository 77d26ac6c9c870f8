import { spawnSync } from "node:child_process";
import { globSync } from "node:fs";
import { parseArgs, styleText } from "node:util";
import { ensurePrograms, missingPrograms } from "../sandbox/programs/builder.ts";
import { artifacts } from "../sandbox/programs/artifacts.ts";
import { silentReporter } from "../sandbox/processes/progress.ts";
import { runParallel } from "./parallel.ts";
import { runSuite, type Counts } from "./suite.ts";

const help = `Usage: npm test [-- options]
       npm run check [-- options]   the fast tests alone

  --grep <pattern>  only tests whose full name matches
  --fast            types, lint and unit tests; nothing that needs the sandbox
  --help            show this

Exit code 0: all passed. 1: something failed. 2: wrong usage.`;

/** How many files of end-to-end tests run at a time: they wait more than they work. */
const workers = 3;

/** How long an end-to-end test may take, in milliseconds. */
const endToEndTimeout = 300_000;

/** The files that take longest, so that none of them is what all wait for at the end. */
const longest = [
  "doctor",
  "killedGoogle",
  "killedCloudflare",
  "release",
  "rotation",
  "adopt",
  "interruption",
];

function heading(text: string): void {
  console.log(styleText("bold", text));
}

/** A command that passes or fails as a whole. */
function command(name: string, executable: string, args: readonly string[]): Counts {
  heading(name);
  const { status } = spawnSync(`node_modules/.bin/${executable}`, args, { stdio: "inherit" });
  return status === 0 ? { passed: 1, failed: 0, skipped: 0 } : { passed: 0, failed: 1, skipped: 0 };
}

async function endToEnd(grep: string | undefined): Promise<readonly Counts[]> {
  const files = globSync("{sandbox/test/chart,test/e2e}/*.test.ts").sort(longestFirst);
  const missing = await missingPrograms(artifacts.map(({ name }) => name));
  if (missing.length > 0) {
    const names = missing.map(({ name }) => name).join(", ");
    console.log(`Skipped: ${names} not built yet; npm run build-sandbox builds them.`);
    const skipped = await runSuite(files, { timeout: endToEndTimeout, grep, skip: true });
    // A CI without its sandbox must not look like one whose tests pass.
    return process.env.CI === undefined ? [skipped] : [{ ...skipped, failed: 1 }];
  }
  const programs = await ensurePrograms(["helm"], silentReporter);
  process.env.HELM = programs.get("helm")?.path;
  return runParallel(files, { workers, timeout: endToEndTimeout, grep });
}

function longestFirst(a: string, b: string): number {
  const rank = (file: string) => {
    const index = longest.findIndex((name) => file.includes(name));
    return index === -1 ? longest.length : index;
  };
  return rank(a) - rank(b) || (a < b ? -1 : 1);
}

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: { fast: { type: "boolean" }, grep: { type: "string" }, help: { type: "boolean" } },
  });
  if (values.help === true) {
    console.log(help);
    return 0;
  }
  const { grep } = values;
  const results: Counts[] = [];
  if (grep === undefined) {
    results.push(command("Types", "tsc", ["--noEmit"]));
    results.push(command("Lint", "eslint", ["--max-warnings=0", "."]));
    results.push(command("Format", "prettier", ["--check", "--log-level", "warn", "."]));
  }
  heading("Unit tests");
  const fast = ["{test/unit,sandbox/test/{bench,emulators,plugins,sandbox}}/**/*.test.ts"];
  results.push(await runSuite(fast, { timeout: 30_000, grep }));
  if (values.fast !== true) {
    heading("End-to-end tests");
    results.push(...(await endToEnd(grep)));
  }
  const total = (key: keyof Counts) => results.reduce((sum, counts) => sum + counts[key], 0);
  console.log(`${total("passed")} passed, ${total("failed")} failed, ${total("skipped")} skipped`);
  return total("failed") === 0 ? 0 : 1;
}

try {
  process.exitCode = await main();
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 2;
}
