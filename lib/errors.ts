import { existsSync } from "node:fs";
import { dirname } from "node:path";
import { printable } from "./printable.ts";
import { shell, type ShellText } from "./shell.ts";

/**
 * A failure that the user can fix: bad arguments, a missing tool, a port in use. It is printed as one message without a
 * stack trace (set `DEBUG` to see the stack).
 */
export class UserError extends Error {
  override readonly name = "UserError";
}

/** An error in the command line; the command ends with a separate exit code. */
export class UsageError extends Error {
  override readonly name = "UsageError";
}

/** The exit codes of a failed command. */
export interface FailureCodes {
  readonly failure: number;
  /** For a {@link UsageError}. */
  readonly usage: number;
}

/** The default exit codes of commands. */
export const exitCode = { success: 0, failure: 1, usage: 2 } as const;

/** The message of a thrown value. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** Whether `error` is a Node system error with this code, such as `ENOENT`. */
export function hasCode(error: unknown, code: string): boolean {
  return error instanceof Error && "code" in error && error.code === code;
}

/** The reasons why this machine cannot write a file or start a program, by Node's error code. */
const machineProblems: Readonly<Record<string, (path: string) => readonly [string, ShellText]>> = {
  ENOSPC: (path) => [
    "cannot be written: no space is left (ENOSPC). Free some space, and run the same command again. Space in use",
    shell`df -h ${path}`,
  ],
  EDQUOT: (path) => [
    "cannot be written: your quota is exceeded (EDQUOT). Free some space, and run the same command again. Space in use",
    shell`du -sh ${path}`,
  ],
  EROFS: (path) => [
    "cannot be written: its file system is read-only (EROFS). The file system",
    shell`df ${path}`,
  ],
  EACCES: (path) => [
    "cannot be used: permission denied (EACCES). Its permissions",
    shell`ls -ld ${path}`,
  ],
  EPERM: (path) => [
    "cannot be used: operation not permitted (EPERM). Its permissions",
    shell`ls -ld ${path}`,
  ],
  E2BIG: () => [
    "does not start: its arguments and the environment are longer than the system allows (E2BIG). Size of the environment",
    shell`env | wc -c`,
  ],
  EMFILE: () => [
    "cannot be opened: this process has too many open files (EMFILE). The limit",
    shell`ulimit -n`,
  ],
};

/**
 * The message for a failure of the machine, such as a full disk, with a command for details.
 *
 * @param error the error from Node
 * @returns undefined for any other error
 */
export function machineProblem(error: unknown): string | undefined {
  if (!(error instanceof Error)) {
    return undefined;
  }
  const { code = "", path, syscall } = error as NodeJS.ErrnoException;
  const subject = path ?? syscall?.replace(/^spawn /, "") ?? "A file";
  const found = machineProblems[code]?.(existingPart(path ?? "."));
  return found && `${subject} ${found[0]}: ${found[1]}`;
}

/** The path, or the nearest existing folder above it. */
function existingPart(path: string): string {
  const above = dirname(path);
  return existsSync(path) || above === path ? path : existingPart(above);
}

/**
 * Runs a command to its end and sets the exit code of this process: the result of `main`, or the code of a failure after
 * printing the message of a thrown error to standard error.
 */
export async function runCommand(
  main: () => Promise<number>,
  codes: FailureCodes = exitCode,
): Promise<void> {
  try {
    process.exitCode = await main();
  } catch (error) {
    const usage = error instanceof UsageError;
    const machine = machineProblem(error);
    const expected = usage || error instanceof UserError || machine !== undefined;
    const stack = error instanceof Error ? error.stack : undefined;
    const showStack = process.env.DEBUG !== undefined || !expected;
    const text = (showStack ? stack : undefined) ?? machine ?? messageOf(error);
    process.stderr.write(`${printable(text)}\n`);
    process.exitCode = usage ? codes.usage : codes.failure;
  }
}
