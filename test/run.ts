import { spawn } from "node:child_process";
import { once } from "node:events";
import { globSync } from "node:fs";
import { basename, relative, resolve } from "node:path";
import { text } from "node:stream/consumers";
import { styleText } from "node:util";
import {
  commandLine,
  flag,
  runCommandLine,
  value,
  values,
  type ValuesOf,
} from "../lib/commandLine.ts";
import { exitCode, UsageError } from "../lib/errors.ts";
import { buildTime, ensurePrograms, missingPrograms } from "../sandbox/programs/builder.ts";
import { artifacts } from "../sandbox/programs/artifacts.ts";
import { formatSeconds, silentReporter } from "../sandbox/processes/progress.ts";
import { runParallel, type Job } from "./parallel.ts";
import { exhaustiveVariable } from "./support/exhaustive.ts";
import { runSuite, type Results } from "./suite.ts";
import { summary } from "./summary.ts";

/** The patterns of the test files. */
const unitTests = "{test/unit,sandbox/test/{bench,emulators,plugins,sandbox}}/**/*.test.ts";
const endToEndTests = "{sandbox/test/chart,test/e2e}/*.test.ts";

const line = commandLine(
  {
    command: "npm test --",
    usage: "[files...] [options]",
    description: [
      "Checks types, lint and format, and runs the unit tests and the end-to-end tests. With files, runs only the tests " +
        "in these files. npm run check omits everything that requires the sandbox.",
    ],
    parameters: {
      files: values(
        "[files...]",
        "run only the tests in these files, such as test/e2e/dns01.test.ts, without types and lint",
        (file) => relative("", resolve(file)),
      ),
      grep: value("--grep <pattern>", "run only tests whose full name matches", { read: pattern }),
      fast: flag(
        "--fast",
        "run only types, lint, format and unit tests, which do not require the sandbox",
      ),
      exhaustive: flag(
        "--exhaustive",
        "also run the variants of tests, which otherwise count as skipped; given files always run completely",
      ),
    },
    exits: {
      [exitCode.success]: "all passed",
      [exitCode.failure]: "something failed",
      [exitCode.usage]: "wrong usage",
    },
  },
  ({ files, grep, fast, exhaustive }) => {
    const unit = chosen(unitTests, files);
    const endToEnd = chosen(endToEndTests, files);
    const strange = files.find((file) => !unit.includes(file) && !endToEnd.includes(file));
    if (strange !== undefined) {
      throw new UsageError(`${strange} is not one of the files ${unitTests} and ${endToEndTests}`);
    }
    const [slow] = endToEnd;
    if (fast && files.length > 0 && slow !== undefined) {
      throw new UsageError(`${slow} requires the sandbox, which --fast omits`);
    }
    return {
      grep,
      unit,
      endToEnd: fast ? [] : endToEnd,
      exhaustive: exhaustive || files.length > 0,
      /** Whether to run everything, rather than only some tests. */
      all: files.length === 0 && grep === undefined,
    };
  },
);

/** The files of a pattern, limited to the given files, if any. */
function chosen(where: string, wanted: readonly string[]): readonly string[] {
  const files = globSync(where).sort();
  return wanted.length === 0 ? files : files.filter((file) => wanted.includes(file));
}

function pattern(text: string): string {
  try {
    new RegExp(text);
  } catch {
    throw new UsageError(`--grep ${text} is not a regular expression`);
  }
  return text;
}

/** How many files of end-to-end tests run in parallel: the tests mostly wait. */
const workers = 3;

/** Timeout of an end-to-end test, in milliseconds. */
const endToEndTimeout = 300_000;

/** Timeout of a unit test, in milliseconds. */
const unitTimeout = 30_000;

/**
 * How many processes share the unit tests, in addition to the process of the checks: many unit tests wait for a
 * deadline.
 */
const unitWorkers = 2;

/** The files that take longest, which start first so that no other file waits for them at the end. */
const longest = [
  "doctor",
  "rotation",
  "wildcard",
  "acceptedSettings",
  "cloudRights",
  "identity",
  "cluster",
  "adoptShapes",
  "adopt",
  "endings",
  "stateLost",
  "release",
  "interruption",
  "fleet",
];

/** Short files that are not affected by each other's leftovers in the sandbox that they share. */
const sharing = [
  [
    "acceptedSettings",
    "chartDigest",
    "defects",
    "failures",
    "gatewayChart",
    "languageHost",
    "standInChart",
    "valuesAsWritten",
  ],
  ["newProject", "usualMistakes"],
];

function heading(text: string): void {
  console.log(styleText("bold", text));
}

/** A command of a package, with its output; it passes or fails as a whole. */
interface Checked {
  readonly name: string;
  readonly output: string;
  readonly results: Results;
}

/** Runs a command of a package on this Node, because the Node on PATH may be too old for it. */
async function check(name: string, executable: string, args: readonly string[]): Promise<Checked> {
  const child = spawn(process.execPath, [`node_modules/.bin/${executable}`, ...args], {
    stdio: ["ignore", "pipe", "pipe"],
  });
  const ended = once(child, "close");
  const outputs = await Promise.all([text(child.stdout), text(child.stderr)]);
  const [status] = (await ended) as [number | null];
  const failures = status === 0 ? [] : [{ name, reason: "see above" }];
  const results = { passed: status === 0 ? 1 : 0, failures, skipped: 0 };
  return { name, output: outputs.join(""), results };
}

async function runChecks(): Promise<readonly Checked[]> {
  return [
    await check("Types", "tsc", ["--noEmit"]),
    await check("Lint", "eslint", ["--max-warnings=0", "."]),
    await check("Format", "prettier", ["--check", "--log-level", "warn", "."]),
    await check("Circles", "depcruise", ["--config", ".dependency-cruiser.cjs", "."]),
  ];
}

async function runEndToEnd(
  files: readonly string[],
  grep: string | undefined,
): Promise<readonly Results[]> {
  const missing = await missingPrograms(artifacts.map(({ name }) => name));
  if (missing.length > 0) {
    const skipped = await runSuite(files, { timeout: endToEndTimeout, grep, skip: true });
    console.log(
      `${skipped.skipped} are skipped, because ${missing.length === 1 ? "1 program is" : `${missing.length} programs are`} not built. To build in about ` +
        `${formatSeconds(buildTime(missing))}: npm run build-sandbox`,
    );
    // In a CI, missing programs must not look like passed tests.
    const reason = "the sandbox's programs are not built";
    return process.env.CI === undefined
      ? [skipped]
      : [{ ...skipped, failures: [{ name: "End-to-end tests", reason }] }];
  }
  const programs = await ensurePrograms(["helm"], silentReporter);
  process.env.HELM = programs.get("helm")?.path;
  const jobs = files.toSorted(longestFirst);
  return runParallel(inSandboxes(jobs), { workers, timeout: endToEndTimeout, grep });
}

/** Groups the files that share a sandbox, at the place of the group's first file. */
function inSandboxes(files: readonly string[]): readonly Job[] {
  const groups = Map.groupBy(files, (file) => {
    const name = basename(file, ".test.ts");
    return sharing.find((names) => names.includes(name)) ?? file;
  });
  return [...groups.values()].map((group) => ({ name: group.join(", "), files: group }));
}

/** Runs the unit tests: a few files in this process, many files in several processes. */
async function runUnit(
  files: readonly string[],
  grep: string | undefined,
): Promise<readonly Results[]> {
  if (files.length < unitWorkers * 2) {
    return [await runSuite(files, { timeout: unitTimeout, grep })];
  }
  const shares = Array.from({ length: unitWorkers }, (_, share): Job => {
    const own = files.filter((_, index) => index % unitWorkers === share);
    return { name: `${own.length} files of unit tests`, files: own };
  });
  return runParallel(shares, { workers: unitWorkers, timeout: unitTimeout, grep });
}

function longestFirst(a: string, b: string): number {
  const rank = (file: string) => {
    const index = longest.findIndex((name) => file.includes(name));
    return index === -1 ? longest.length : index;
  };
  return rank(a) - rank(b) || (a < b ? -1 : 1);
}

async function main({
  grep,
  unit,
  endToEnd,
  exhaustive,
  all,
}: ValuesOf<typeof line>): Promise<number> {
  const results: Results[] = [];
  if (exhaustive) {
    process.env[exhaustiveVariable] = "true";
  }
  // In parallel to the unit tests.
  const checks = all ? runChecks() : [];
  if (unit.length > 0) {
    heading("Unit tests");
    results.push(...(await runUnit(unit, grep)));
  }
  for (const { name, output, results: checked } of await checks) {
    heading(name);
    process.stdout.write(output);
    results.push(checked);
  }
  if (endToEnd.length > 0) {
    heading("End-to-end tests");
    results.push(...(await runEndToEnd(endToEnd, grep)));
  }
  console.log(summary(results));
  return results.every(({ failures }) => failures.length === 0)
    ? exitCode.success
    : exitCode.failure;
}

await runCommandLine(line, main);
