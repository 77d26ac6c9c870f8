import { runCommandLine } from "../lib/commandLine.ts";
import { exitCode } from "../lib/errors.ts";
import { refuseUnusableProxies } from "../lib/proxy.ts";
import { adopt } from "./adopt.ts";
import { adoptLine, type Arguments } from "./arguments.ts";
import { fileText, outcomeText } from "./outcome.ts";
import { previewCommand } from "./plan.ts";
import { prepare } from "./prepare.ts";
import { Pulumi } from "./pulumi.ts";
import { planText, shownCommands, summary } from "./report.ts";
import { printable } from "../lib/printable.ts";

async function main(args: Arguments): Promise<number> {
  refuseUnusableProxies();
  const { json, dryRun } = args;
  // With --json, standard output is only for the JSON.
  const stream = json ? "stderr" : "stdout";
  const directory = process.cwd();
  const pulumi = new Pulumi(directory);
  const preparation = await prepare(args, { pulumi, directory });
  const writeSummary = (more: object) => {
    if (json) {
      write("stdout", `${JSON.stringify({ ...summary(preparation), ...more }, undefined, 2)}\n`);
    }
  };
  write(stream, `${planText(args.file, preparation)}\n`);
  if (dryRun) {
    const commands = shownCommands(preparation).map((command) => `  ${command}\n`);
    write(stream, `\nNothing was changed. An adoption would run:\n${commands.join("")}`);
    writeSummary({ adopted: false });
    return exitCode.success;
  }

  write(stream, "\n");
  const { cleanedRevisions } = await adopt(preparation, { pulumi, directory }, (step) =>
    write(stream, `${step} …\n`),
  );
  write(stream, outcomeText(preparation, cleanedRevisions));
  await pulumi.run(previewCommand(preparation.identity), stream);
  if (args.file !== undefined) {
    write(stream, `\n${fileText(args.file, preparation)}\n`);
  }
  writeSummary({ adopted: true, cleanedRevisions });
  return exitCode.success;
}

/** The text quotes the file, the cluster and Helm. */
function write(stream: "stdout" | "stderr", text: string): void {
  process[stream].write(printable(text));
}

await runCommandLine(adoptLine, main);
