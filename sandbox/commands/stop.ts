import { commandLine, flag, runCommandLine, type ValuesOf } from "../../lib/commandLine.ts";
import { exitCode } from "../../lib/errors.ts";
import { stopSandbox } from "../cluster/sandbox.ts";
import { defaultSandboxDirectory } from "../paths.ts";
import { createReporter, withStep } from "../processes/progress.ts";

const line = commandLine({
  command: "npm stop --",
  usage: "[options]",
  description: [
    "Stops the sandbox. The data are kept, and the next `npm start` continues with them.",
  ],
  parameters: { clean: flag("--clean", "also delete the data") },
});

async function main({ clean }: ValuesOf<typeof line>): Promise<number> {
  await withStep(
    createReporter(process.stdout),
    clean ? "Stop the sandbox and delete its data" : "Stop the sandbox",
    () => stopSandbox(defaultSandboxDirectory, { clean }),
    (stopped) => (stopped.length === 0 ? "nothing was running" : stopped.join(", ")),
  );
  return exitCode.success;
}

await runCommandLine(line, main);
