import { spawnSync } from "node:child_process";
import { globSync } from "node:fs";
import { parseArgs, styleText } from "node:util";
import Mocha from "mocha";
import { ensurePrograms, missingPrograms } from "../sandbox/builder.ts";
import { artifacts } from "../sandbox/programs.ts";
import { silentReporter } from "../sandbox/progress.ts";
import { stopTestSandbox } from "./support/sandbox.ts";

const help = `Usage: npm test [-- options]
       npm run check [-- options]   the fast tests alone

  --grep <pattern>  only tests whose full name matches
  --fast            types, lint and unit tests; nothing that needs the sandbox
  --help            show this

Exit code 0: all passed. 1: something failed. 2: wrong usage.`;

interface Counts {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
}

/** A command that passes or fails as a whole. */
function command(name: string, executable: string, args: readonly string[]): Counts {
  heading(name);
  const { status } = spawnSync(`node_modules/.bin/${executable}`, args, { stdio: "inherit" });
  return status === 0 ? { passed: 1, failed: 0, skipped: 0 } : { passed: 0, failed: 1, skipped: 0 };
}

async function suite(
  files: readonly string[],
  options: { readonly timeout: number; readonly grep: string | undefined; readonly skip?: true },
): Promise<Counts> {
  const mocha = new Mocha({ timeout: options.timeout, forbidOnly: true });
  mocha.files = globSync(files).sort();
  if (options.grep !== undefined) {
    mocha.grep(new RegExp(options.grep));
  }
  await mocha.loadFilesAsync();
  if (options.skip === true) {
    return { passed: 0, failed: 0, skipped: mocha.suite.total() };
  }
  return new Promise((done) => {
    const runner = mocha.run(() => {
      const { passes, failures, pending } = runner.stats ?? { passes: 0, failures: 1, pending: 0 };
      done({ passed: passes, failed: failures, skipped: pending });
    });
  });
}

function heading(text: string): void {
  console.log(styleText("bold", text));
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
  results.push(
    await suite(["test/{unit,sandbox,emulators,plugins}/**/*.test.ts"], { timeout: 30_000, grep }),
  );
  if (values.fast !== true) {
    heading("End-to-end tests");
    const missing = await missingPrograms(artifacts.map(({ name }) => name));
    const skip = missing.length > 0;
    if (skip) {
      // A CI without its sandbox must not look like one whose tests pass.
      if (process.env.CI !== undefined) {
        results.push({ passed: 0, failed: 1, skipped: 0 });
      }
      console.log(
        `Skipped: ${missing.map(({ name }) => name).join(", ")} not built yet; npm run build-sandbox builds them.`,
      );
    }
    if (!skip) {
      const programs = await ensurePrograms(["helm"], silentReporter);
      process.env.HELM = programs.get("helm")?.path;
    }
    results.push(
      await suite(["test/{chart,e2e}/**/*.test.ts"], {
        timeout: 300_000,
        grep,
        ...(skip && { skip }),
      }),
    );
    await stopTestSandbox();
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
