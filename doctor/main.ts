import { setTimeout as delay } from "node:timers/promises";
import { messageOf, UsageError, UserError } from "../lib/errors.ts";
import { doctorUsage, parseDoctorArguments, type DoctorArguments } from "./arguments.ts";
import { checks } from "./checks/index.ts";
import { lookAt } from "./context.ts";
import { examine } from "./examine.ts";
import { exitCode, worst, type Report } from "./report.ts";
import { findingText, paintFor, reportText } from "./reportText.ts";
import { watch } from "./watch.ts";

async function main(): Promise<number> {
  const parsed = parseDoctorArguments(process.argv.slice(2));
  if (parsed === "help") {
    process.stdout.write(doctorUsage);
    return exitCode.ok;
  }
  // Loaded here, since a provider of one's own needs no sandbox.
  const args = parsed.sandbox ? (await import("./inSandbox.ts")).inSandbox(parsed) : parsed;
  const report = args.watch ? await watchStack(args) : await look(args);
  if (!args.watch) {
    print(args, report);
  }
  return exitCode[worst(report)];
}

async function look(args: DoctorArguments): Promise<Report> {
  return examine(checks, await lookAt(args));
}

function print({ json, watch }: DoctorArguments, report: Report): void {
  const text = json
    ? JSON.stringify(report, undefined, watch ? undefined : 2)
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
    look: () => look(args),
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
        ...gone.map(({ title }) => `  ${paint("green", "✔")} no longer: ${title}`),
      ];
      process.stdout.write(`\n${lines.join("\n")}\n`);
    },
    failed: (error) => {
      process.stderr.write(`${messageOf(error)}\n`);
    },
    pause: async () => {
      const { signal } = interrupt;
      await delay(args.interval, undefined, { signal }).catch(() => undefined);
      return !signal.aborted;
    },
  });
}

try {
  process.exitCode = await main();
} catch (error) {
  process.stderr.write(`${sentence(error)}\n`);
  process.exitCode = exitCode.failure;
}

/** One sentence for what its reader can mend; a stack trace for a fault of the doctor's own. */
function sentence(error: unknown): string {
  const message = messageOf(error);
  if (error instanceof UserError || error instanceof UsageError) {
    return message;
  }
  const ofParseArgs = error instanceof Error && "code" in error ? String(error.code) : "";
  if (ofParseArgs.startsWith("ERR_PARSE_ARGS")) {
    return `${message.replace(/\. To specify .*$/s, "")}. What there is: npm run doctor -- --help`;
  }
  return (error instanceof Error ? error.stack : undefined) ?? message;
}
