import { existsSync } from "node:fs";
import { join } from "node:path";
import { styleText } from "node:util";
import { runCommandLine } from "../lib/commandLine.ts";
import { UserError } from "../lib/errors.ts";
import { printable, printableLine } from "../lib/printable.ts";
import { refuseUnusableProxies } from "../lib/proxy.ts";
import { changes } from "./action.ts";
import { fleetLine, type FleetArguments } from "./arguments.ts";
import { findPulumi, openStack, stacksInBackend } from "./automation.ts";
import { liveTable, plainLines, type Display } from "./display.ts";
import { exitCode } from "./exitCode.ts";
import { takeInterrupts } from "./interrupt.ts";
import { Journal, notesFolder } from "./journal.ts";
import { runDoctor } from "./doctorResult.ts";
import { Progress } from "./progress.ts";
import { closingLines, outcomeOf, sameCommand, type FleetReport } from "./report.ts";
import { sourcesDigest } from "./sources.ts";
import { runStack } from "./stackRun.ts";
import { canaryOf, chosenStacks, stacksOf } from "./stacks.ts";
import type { Paint } from "./table.ts";
import { inWaves } from "./waves.ts";

async function main(args: FleetArguments): Promise<number> {
  const { action, json, concurrency, fresh, doctorOptions } = args;
  const directory = process.cwd();
  if (!existsSync(join(directory, "Pulumi.yaml"))) {
    throw new UserError(
      `${directory} is not the project's folder: it has no Pulumi.yaml. To find it: npm prefix`,
    );
  }
  // Loaded here, since a real fleet needs no sandbox.
  const issue = args.sandbox ? (await import("./inSandbox.ts")).inSandbox(directory) : undefined;
  refuseUnusableProxies();
  const stacks = chosenStacks(stacksOf(directory), args.stacks);
  const canary = canaryOf(stacks, args.canary);
  const pulumi = await findPulumi();
  const known = action === "doctor" ? new Set(stacks) : await stacksInBackend(directory);
  const journal = Journal.open(directory, action, fresh);
  const began = new Date().toISOString();

  const stream = json ? process.stderr : process.stdout;
  const paint: Paint = (style, text) => styleText(style, text, { stream });
  const progress: Progress = new Progress(stacks, (after, before) => {
    display.changed(after, before);
  });
  const isTerminal = stream.isTTY && process.env.TERM !== "dumb";
  const display: Display = isTerminal
    ? liveTable(stream, () => progress.all, paint)
    : plainLines((text) => stream.write(text), stacks, paint, !json);
  const interrupt = takeInterrupts(display.note);
  try {
    const unfinished = journal.unfinished(stacks);
    if (unfinished !== undefined) {
      display.note(
        `Continuing the run that was started at ${printableLine(unfinished)}; to start again, use --fresh.`,
      );
    }
    await inWaves({
      stacks,
      canary,
      concurrency,
      stopped: interrupt.stopped,
      run: async (stack) => {
        const digest = changes(action) ? sourcesDigest(directory, stack) : "";
        const former = journal.of(stack);
        // A completed rotation must not run twice, also after other changes.
        if (former?.state === "done" && (former.digest === digest || action === "rotate")) {
          progress.tell(stack, { state: "done", step: "done by the previous run" });
          return true;
        }
        const log = join(directory, notesFolder, "logs", `${stack}.${action}.log`);
        const { state } = await runStack({
          ...{ action, stack, directory, log, progress, former },
          policyPacks: args.policyPacks,
          rotateAll: args.all,
          dueWithin: args.dueWithin,
          patience: args.patience,
          isThere: known.has(stack),
          open: () =>
            openStack({
              ...{ pulumi, directory, stack, log },
              began: (process) => {
                journal.runs(stack, process);
              },
            }),
          look: () =>
            runDoctor(directory, stack, [...(args.sandbox ? ["--sandbox"] : []), ...doctorOptions]),
          issue: issue && (() => issue(stack)),
          begin: (more) => {
            journal.begin(stack, digest, more);
          },
          stopping: interrupt.stopping,
          interrupting: interrupt.interrupting,
        });
        if (state === "done") {
          journal.done(stack, digest);
        }
        return state === "done";
      },
    });
  } finally {
    interrupt.end();
  }

  const all = progress.all;
  const outcome = outcomeOf(all);
  if (outcome === "done") {
    journal.finish(stacks);
  }
  display.end(all);
  const closing = closingLines(all, sameCommand(args), paint);
  stream.write(closing.map((line) => `${line}\n`).join(""));
  if (json) {
    const report: FleetReport = {
      ...{ version: 1, action, canary, began },
      ended: new Date().toISOString(),
      ...{ outcome, stacks: all },
    };
    process.stdout.write(`${printable(JSON.stringify(report, undefined, 2))}\n`);
  }
  return exitCode[outcome];
}

await runCommandLine(fleetLine, main);
