import {
  emptyCheckpoint,
  exportArguments,
  runPulumi,
  stackResources,
  type PulumiFailure,
  type PulumiStream,
} from "../lib/pulumi.ts";
import { shell, shellWord } from "../lib/shell.ts";

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

/** What a stack's state holds: the ids of its resources by URN. Undefined where there is no such stack. */
export type StackState = ReadonlyMap<string, string | undefined> | undefined;

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
   * @returns what it wrote to standard output
   * @throws UserError with Pulumi's own error when it fails
   */
  run(command: PulumiCommand, stream?: PulumiStream): Promise<string> {
    const { args, stdin } = command;
    return runPulumi(args, { stdin, stream, ...this.options(command) });
  }

  /**
   * What a stack's state holds.
   *
   * @throws UserError with Pulumi's own error when it fails
   */
  async state(stack: string): Promise<StackState> {
    const command = { args: exportArguments(stack), stack };
    const resources = await stackResources(stack, this.options(command));
    return resources && new Map(resources.map(({ urn, id }) => [urn, id]));
  }

  private options(command: PulumiCommand) {
    const explain = (failure: PulumiFailure) =>
      failure === "not on PATH"
        ? "pulumi is not on PATH: see https://www.pulumi.com/docs/install."
        : failureText(command, failure.all);
    return { directory: this.directory, explain };
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
    ? `\nWhen no other Pulumi is at work on the stack, take the lock away, and adopt again: ${shell`pulumi cancel ${command.stack}`}`
    : "";
  const empty = emptyCheckpoint(output, command.stack);
  // Node's words and Go's. Pulumi hands the settings over in one variable (runtime/config.js, `PULUMI_CONFIG`).
  const tooLong = /E2BIG|argument list too long/.test(output)
    ? `\nPulumi hands the program its settings in one variable of the environment, which Linux limits to 128 KiB: take what is largest out of the file's values, and adopt again. How large they are: ${shell`pulumi config -s ${command.stack} --json`} | wc -c`
    : "";
  const reason = said.length === 0 ? "." : `:\n${said.map((line) => `  ${line}`).join("\n")}`;
  return `${shownCommand(command)} failed${reason}${locked}${tooLong}${empty === undefined ? "" : `\n${empty}`}`;
}
