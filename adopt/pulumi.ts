import { spawn } from "node:child_process";
import { shellWord } from "../lib/clusterCommand.ts";
import { hasCode, UserError } from "../lib/errors.ts";
import type { StackState } from "./stackState.ts";

/** A Pulumi command. */
export interface PulumiCommand {
  readonly args: readonly string[];
  /** The stack that it is for. */
  readonly stack: string;
  /** What it reads from standard input: a secret, which must not be on a command line. */
  readonly stdin?: string;
  /** The command as a user would type it, where that is not `pulumi` and the arguments. */
  readonly shown?: string;
}

/** Where a command's output goes: kept, or to a stream of this process. */
type Output = "kept" | "stdout" | "stderr";

/** Runs Pulumi in a project. */
export class Pulumi {
  private readonly directory: string;

  /** @param directory the project's */
  constructor(directory: string) {
    this.directory = directory;
  }

  /**
   * Runs a command to its end.
   *
   * @returns what it wrote to standard output, where that is kept
   * @throws UserError with Pulumi's own error when it fails
   */
  async run(command: PulumiCommand, output: Output = "kept"): Promise<string> {
    const { status, stdout, all } = await this.start(command, output);
    if (status !== 0) {
      throw new UserError(failureText(command, all));
    }
    return stdout;
  }

  /** What a stack's state holds. */
  async state(stack: string): Promise<StackState> {
    const command = { args: ["stack", "export", "-s", stack], stack };
    const { status, stdout, all } = await this.start(command, "kept");
    if (status !== 0) {
      if (all.includes("no stack named")) {
        return undefined;
      }
      throw new UserError(failureText(command, all));
    }
    const { deployment } = JSON.parse(stdout) as {
      readonly deployment: {
        readonly resources?: readonly { readonly urn: string; readonly id?: string }[];
      };
    };
    return new Map(deployment.resources?.map(({ urn, id }) => [urn, id]));
  }

  private start(
    { args, stdin }: PulumiCommand,
    output: Output,
  ): Promise<{ readonly status: number | null; readonly stdout: string; readonly all: string }> {
    return new Promise((done, failed) => {
      const child = spawn("pulumi", [...args, "--non-interactive"], {
        cwd: this.directory,
        stdio: ["pipe", "pipe", "pipe"],
      });
      let stdout = "";
      let all = "";
      const keep = (text: string) => {
        all += text;
        if (output !== "kept") {
          process[output].write(text);
        }
      };
      child.stdout.setEncoding("utf8").on("data", (text: string) => {
        stdout += text;
        keep(text);
      });
      child.stderr.setEncoding("utf8").on("data", keep);
      child.on("error", (error) => {
        failed(
          hasCode(error, "ENOENT")
            ? new UserError("pulumi is not on PATH: see https://www.pulumi.com/docs/install.")
            : error,
        );
      });
      child.on("close", (status) => {
        done({ status, stdout, all });
      });
      // Who does not read its input may be gone before it is written.
      child.stdin.on("error", () => undefined).end(stdin ?? "");
    });
  }
}

/** A command as a user would type it. */
export function shownCommand({ args, shown }: PulumiCommand): string {
  return shown ?? ["pulumi", ...args.map(shellWord)].join(" ");
}

/** That a command failed, with Pulumi's own errors of all it said, and what lifts a lock that has outlived its Pulumi. */
export function failureText(command: PulumiCommand, output: string): string {
  const lines = output.split("\n").map((line) => line.trim());
  const errors = lines.filter((line) => line.startsWith("error: "));
  const said = errors.length > 0 ? errors : lines.filter((line) => line !== "").slice(-3);
  const locked = /currently locked|update is currently in progress/.test(output)
    ? `\nWhen no other Pulumi is at work on the stack, take the lock away, and adopt again: pulumi cancel ${command.stack}`
    : "";
  const reason = said.length === 0 ? "." : `:\n${said.map((line) => `  ${line}`).join("\n")}`;
  return `${shownCommand(command)} failed${reason}${locked}`;
}
