import { parseArgs } from "node:util";
import { stopSandbox } from "../cluster/sandbox.ts";
import { exitCode, runCommand } from "../../lib/errors.ts";
import { defaultSandboxDirectory } from "../paths.ts";
import { createReporter, withStep } from "../processes/progress.ts";

const usage = `Usage: npm stop -- [--clean]

Stops the sandbox. Its data are kept, and the next \`npm start\` goes on with them.

  --clean  also delete the data
  --help   this text
`;

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      clean: { type: "boolean", default: false },
      help: { type: "boolean", default: false },
    },
  });
  if (values.help) {
    process.stdout.write(usage);
    return exitCode.success;
  }
  const { clean } = values;
  await withStep(
    createReporter(process.stdout),
    clean ? "Stop the sandbox and delete its data" : "Stop the sandbox",
    () => stopSandbox(defaultSandboxDirectory, { clean }),
    (stopped) => (stopped.length === 0 ? "nothing was running" : stopped.join(", ")),
  );
  return exitCode.success;
}

await runCommand(main);
