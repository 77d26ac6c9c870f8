import { parseArgs } from "node:util";
import { ensurePrograms, missingPrograms } from "../programs/builder.ts";
import { exitCode, runCommand } from "../../lib/errors.ts";
import { artifacts } from "../programs/artifacts.ts";
import { createReporter, formatSeconds } from "../processes/progress.ts";

const usage = `Usage: npm run build-sandbox -- [--list] [--json]

Builds the programs that the sandbox needs and that are not on PATH, into a cache outside the checkout.

  --list   only say which are missing, and how long building them takes
  --json   the same, or where each program is, as JSON on standard output
  --help   this text
`;

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      list: { type: "boolean", default: false },
      json: { type: "boolean", default: false },
      help: { type: "boolean", default: false },
    },
  });
  if (values.help) {
    process.stdout.write(usage);
    return exitCode.success;
  }
  const names = artifacts.map(({ name }) => name);
  if (values.list) {
    const missing = (await missingPrograms(names)).map(({ name, version, buildSeconds }) => ({
      name,
      version,
      buildSeconds,
    }));
    const lines = missing.map(
      ({ name, version, buildSeconds }) =>
        `${name} ${version}: about ${formatSeconds(buildSeconds)}`,
    );
    const text = lines.length === 0 ? ["Nothing is missing."] : lines;
    process.stdout.write(`${values.json ? JSON.stringify(missing) : text.join("\n")}\n`);
    return exitCode.success;
  }
  const installed = await ensurePrograms(names, createReporter(process.stderr));
  const lines = [...installed.values()].map(({ name, path }) => `${name}: ${path}`);
  process.stdout.write(
    `${values.json ? JSON.stringify([...installed.values()]) : lines.join("\n")}\n`,
  );
  return exitCode.success;
}

await runCommand(main);
