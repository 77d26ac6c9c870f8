import { setTimeout as delay } from "node:timers/promises";
import { runCommandLine } from "../lib/commandLine.ts";
import { messageOf } from "../lib/errors.ts";
import { refuseUnusableProxies } from "../lib/proxy.ts";
import { doctorLine, type DoctorArguments } from "./arguments.ts";
import { checks, unfinishedChecks } from "./checks/index.ts";
import { readContext } from "./context.ts";
import { examine } from "./examine.ts";
import { exitCode } from "./exitCode.ts";
import { openMetrics } from "./openMetrics.ts";
import { worst, type Report } from "./report.ts";
import { findingText, paintFor, reportText } from "./reportText.ts";
import { watch } from "./watch.ts";
import { printable, printableLine } from "../lib/printable.ts";

async function main(parsed: DoctorArguments): Promise<number> {
  refuseUnusableProxies();
  // Loaded on demand, since a real provider needs no sandbox.
  const args = parsed.sandbox ? await (await import("./inSandbox.ts")).inSandbox(parsed) : parsed;
  const report = args.watch ? await watchStack(args) : await runChecks(args);
  if (!args.watch) {
    print(args, report);
  }
  return exitCode[worst(report)];
}

async function runChecks(args: DoctorArguments): Promise<Report> {
  const context = await readContext(args);
  return examine(context.expected.isUnfinished === true ? unfinishedChecks : checks, context);
}

function print({ json, openmetrics, watch }: DoctorArguments, report: Report): void {
  if (openmetrics) {
    process.stdout.write(openMetrics(report));
    return;
  }
  const text = json
    ? printable(JSON.stringify(report, undefined, watch ? undefined : 2))
    : reportText(report, paintFor(process.stdout));
  process.stdout.write(`${text}\n`);
}

async function watchStack(args: DoctorArguments): Promise<Report> {
  const interrupt = new AbortController();
  for (const signal of ["SIGINT", "SIGTERM"]) {
    process.once(signal, () => {
      interrupt.abort();
    });
  }
  return watch({
    check: () => runChecks(args),
    first: (report) => {
      print(args, report);
    },
    changed: ({ appeared, gone }, report) => {
      if (args.json) {
        print(args, report);
        return;
      }
      const paint = paintFor(process.stdout);
      const lines = [
        paint("bold", report.time),
        ...appeared.map((finding) => findingText(finding, paint)),
        ...gone.map(({ title }) => `  ${paint("green", "✔")} no longer: ${printableLine(title)}`),
      ];
      process.stdout.write(`\n${lines.join("\n")}\n`);
    },
    failed: (error) => {
      process.stderr.write(`${printable(messageOf(error))}\n`);
    },
    pause: async () => {
      const { signal } = interrupt;
      await delay(args.interval, undefined, { signal }).catch(() => undefined);
      return !signal.aborted;
    },
  });
}

await runCommandLine(doctorLine, main);
