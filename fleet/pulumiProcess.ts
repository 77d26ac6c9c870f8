import { closeSync, mkdirSync, openSync, readFileSync } from "node:fs";
import { dirname } from "node:path";
import type { PulumiCommand } from "@pulumi/pulumi/automation/cmd.js";
import { outputOf, runInSession } from "./session.ts";
import { identify, type ProcessIdentity } from "../lib/processIdentity.ts";

/** A failed run of Pulumi. */
export class PulumiFailed extends Error {
  override readonly name = "PulumiFailed";
  /** Its output. */
  readonly output: string;

  constructor(args: readonly string[], output: string) {
    super(`pulumi ${args[0] ?? ""} failed`);
    this.output = output;
  }
}

/** Pulumi's output. */
interface Written {
  readonly stdout: string;
  readonly stderr: string;
  readonly code: number;
}

/** The function of a {@link PulumiCommand} that the SDK calls; it is not in the SDK's types (automation/cmd.js). */
interface Runner {
  readonly run: (
    args: readonly string[],
    directory: string,
    environment: Readonly<Record<string, string>>,
    onOutput?: (text: string) => void,
    onError?: (text: string) => void,
    signal?: AbortSignal,
  ) => Promise<Written>;
}

/** Long commands, which run the stack's program. */
const runsProgram = new Set(["up", "preview"]);

/**
 * A Pulumi for the Automation API that outlives this process: in its own session, so that an interrupt at the terminal does
 * not reach it, and with a file for its output, since a pipe without a reader would end it. The end of the fleet's command
 * never leaves a stack half done.
 *
 * @param log the file for the output of runs of the program
 * @param began called with the process of each such run
 */
export function lastingPulumi(
  pulumi: PulumiCommand,
  log: string,
  began: (process: ProcessIdentity) => void,
): PulumiCommand {
  const run: Runner["run"] = async (args, directory, environment, _output, _error, signal) => {
    const whole = [...args, ...(args.includes("--non-interactive") ? [] : ["--non-interactive"])];
    const isLong = runsProgram.has(args[0] ?? "");
    mkdirSync(dirname(log), { recursive: true });
    const file = isLong ? openSync(log, "w", 0o600) : undefined;
    try {
      const {
        code,
        signal: endedBy,
        result,
      } = await runInSession(pulumi.command, whole, {
        directory,
        environment: { ...process.env, ...environment, PULUMI_AUTOMATION_API: "true" },
        stdio: ["ignore", file ?? "pipe", file ?? "pipe"],
        interrupted: () => signal?.aborted === true,
        take: (child) => {
          const interrupt = () => child.kill("SIGINT");
          signal?.addEventListener("abort", interrupt);
          child.once("close", () => signal?.removeEventListener("abort", interrupt));
          const identity = child.pid === undefined ? undefined : identify(child.pid);
          if (isLong && identity !== undefined) {
            began(identity);
          }
          return outputOf(child);
        },
      });
      const [stdout, stderr] = result;
      if (code !== 0) {
        const output = isLong ? readFileSync(log, "utf8") : stdout + stderr;
        const end = endedBy === null ? `with exit code ${String(code)}` : `by ${endedBy}`;
        throw new PulumiFailed(args, output.trim() === "" ? `pulumi ended ${end}` : output);
      }
      return { stdout, stderr, code };
    } finally {
      if (file !== undefined) {
        closeSync(file);
      }
    }
  };
  return Object.assign(Object.create(pulumi) as PulumiCommand, { run });
}
