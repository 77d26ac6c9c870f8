import { runCommandLine } from "../lib/commandLine.ts";
import { exitCode } from "../lib/errors.ts";
import { refuseUnusableProxies } from "../lib/proxy.ts";
import { adopt } from "./adopt.ts";
import { adoptLine, type Arguments } from "./arguments.ts";
import { outcomeText } from "./outcome.ts";
import { previewCommand } from "./plan.ts";
import { prepare } from "./prepare.ts";
import { Pulumi } from "./pulumi.ts";
import { planText, shownCommands, summary } from "./report.ts";

async function main(args: Arguments): Promise<number> {
  refuseUnusableProxies();
  const { json, dryRun } = args;
  // Standard output belongs to the JSON, where that is asked for.
  const stream = json ? "stderr" : "stdout";
  const directory = process.cwd();
  const pulumi = new Pulumi(directory);
  const preparation = await prepare(args, { pulumi, directory });
  const writeSummary = (more: object) => {
    if (json) {
      process.stdout.write(
        `${JSON.stringify({ ...summary(preparation), ...more }, undefined, 2)}\n`,
      );
    }
  };
  process[stream].write(`${planText(args.file, preparation)}\n`);
  if (dryRun) {
    const commands = shownCommands(preparation).map((command) => `  ${command}\n`);
    process[stream].write(`\nNothing was changed. An adoption would run:\n${commands.join("")}`);
    writeSummary({ adopted: false });
    return exitCode.success;
  }

  process[stream].write("\n");
  const { cleanedRevisions } = await adopt(preparation, { pulumi, directory }, (step) =>
    process[stream].write(`${step} …\n`),
  );
  process[stream].write(outcomeText(preparation, cleanedRevisions));
  await pulumi.run(previewCommand(preparation.identity), stream);
  writeSummary({ adopted: true, cleanedRevisions });
  return exitCode.success;
}

await runCommandLine(adoptLine, main);
