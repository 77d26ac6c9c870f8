import { commandLine, flag, runCommandLine, type ValuesOf } from "../../lib/commandLine.ts";
import { exitCode } from "../../lib/errors.ts";
import { createReporter, formatSeconds } from "../processes/progress.ts";
import { artifacts } from "../programs/artifacts.ts";
import { ensurePrograms, missingPrograms } from "../programs/builder.ts";

const line = commandLine({
  command: "npm run build-sandbox --",
  usage: "[options]",
  description: [
    "Downloads or builds the programs that the sandbox needs and that are not on PATH, into a cache outside the checkout.",
  ],
  parameters: {
    list: flag("--list", "only print the missing programs and the build time of each"),
    json: flag(
      "--json",
      "print the missing programs, or the path of each program, as JSON on standard output",
    ),
  },
});

async function main({ list, json }: ValuesOf<typeof line>): Promise<number> {
  const names = artifacts.map(({ name }) => name);
  if (list) {
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
    process.stdout.write(`${json ? JSON.stringify(missing) : text.join("\n")}\n`);
    return exitCode.success;
  }
  const installed = await ensurePrograms(names, createReporter(process.stderr));
  const lines = [...installed.values()].map(({ name, path }) => `${name}: ${path}`);
  process.stdout.write(`${json ? JSON.stringify([...installed.values()]) : lines.join("\n")}\n`);
  return exitCode.success;
}

await runCommandLine(line, main);
