import {
  backendFailure,
  errorLines,
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
  /** The stack of the command. */
  readonly stack: string;
  /** The text on standard input: a secret, which must not be on a command line. */
  readonly stdin?: string;
  /** The command as a user would type it. Default: `pulumi` and the arguments. */
  readonly shown?: string;
}

/** A stack's state: the ids of its resources by URN. Undefined where the stack does not exist. */
export type StackState = ReadonlyMap<string, string | undefined> | undefined;

/** Runs Pulumi in a project. */
export class Pulumi {
  private readonly directory: string;

  /** @param directory the project directory */
  constructor(directory: string) {
    this.directory = directory;
  }

  /**
   * Runs a command to its end.
   *
   * @returns its standard output
   * @throws UserError with Pulumi's own error when it fails
   */
  run(command: PulumiCommand, stream?: PulumiStream): Promise<string> {
    const { args, stdin } = command;
    return runPulumi(args, { stdin, stream, ...this.options(command) });
  }

  /**
   * Reads a stack's state.
   *
   * @throws UserError with Pulumi's own error when it fails
   */
  async state(stack: string): Promise<StackState> {
    const command = { args: exportArguments(stack), stack };
    const resources = await stackResources(stack, this.options(command));
    return resources && new Map(resources.map(({ urn, id }) => [urn, id]));
  }

  /**
   * Reads a stack's configuration, including environments of Pulumi ESC, as JSON text; encrypted values stay encrypted.
   *
   * @throws UserError with Pulumi's own error when it fails
   */
  configuration(stack: string): Promise<string> {
    return this.run({ args: ["config", "--json", "-s", stack], stack });
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

/** The message for a failed command, with Pulumi's errors, and the command that removes the lock of a killed process. */
export function failureText(command: PulumiCommand, output: string): string {
  const errors = errorLines(output);
  const lines = errors.length > 0 ? errors : lastLines(output);
  const locked = /currently locked|update is currently in progress/.test(output)
    ? `\nWhen no other Pulumi process works on the stack, remove the lock, and adopt again: ${shell`pulumi cancel ${command.stack}`}`
    : "";
  const known = backendFailure(output, command.stack);
  // The messages of Node and Go. Pulumi passes the settings in one variable (runtime/config.js, `PULUMI_CONFIG`).
  const tooLong = /E2BIG|argument list too long/.test(output)
    ? `\nPulumi passes the settings in one environment variable, which Linux limits to 128 KiB: remove the largest of the file's values, and adopt again. Size of the settings: ${shell`pulumi config -s ${command.stack} --json`} | wc -c`
    : "";
  const reason = lines.length === 0 ? "." : `:\n${lines.map((line) => `  ${line}`).join("\n")}`;
  return `${shownCommand(command)} failed${reason}${locked}${tooLong}${known === undefined ? "" : `\n${known}`}`;
}

function lastLines(output: string): string[] {
  return output
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line !== "")
    .slice(-3);
}
