import { existsSync } from "node:fs";
import { dirname } from "node:path";
import { printable } from "./printable.ts";
import { shell, type ShellText } from "./shell.ts";

/**
 * A failure that its reader can mend: bad arguments, a missing tool, a taken port. It is shown as one
 * message without a stack trace (set `DEBUG` to see the stack).
 */
export class UserError extends Error {
  override readonly name = "UserError";
}

/** A mistake in the command line itself; the command ends with an exit code of its own for that. */
export class UsageError extends Error {
  override readonly name = "UsageError";
}

/** The exit codes of a command that does not end well. */
export interface FailureCodes {
  readonly failure: number;
  /** For a {@link UsageError}. */
  readonly usage: number;
}

/** Exit codes of every command that has no others. */
export const exitCode = { success: 0, failure: 1, usage: 2 } as const;

/** The message of whatever was thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** Whether `error` is a Node system error with this code, such as `ENOENT`. */
export function hasCode(error: unknown, code: string): boolean {
  return error instanceof Error && "code" in error && error.code === code;
}

/** What keeps this machine from writing a file or starting a program, by Node's code for it. */
const machineProblems: Readonly<Record<string, (path: string) => readonly [string, ShellText]>> = {
  ENOSPC: (path) => [
    "cannot be written: no space is left (ENOSPC). Make room, and run the same command again. How much there is",
    shell`df -h ${path}`,
  ],
  EDQUOT: (path) => [
    "cannot be written: your quota is used up (EDQUOT). Make room, and run the same command again. How much is used",
    shell`du -sh ${path}`,
  ],
  EROFS: (path) => [
    "cannot be written: its file system is read-only (EROFS). Which one it is",
    shell`df ${path}`,
  ],
  EACCES: (path) => [
    "is not open to you: permission denied (EACCES). Who may use it",
    shell`ls -ld ${path}`,
  ],
  EPERM: (path) => [
    "is not open to you: operation not permitted (EPERM). Who may use it",
    shell`ls -ld ${path}`,
  ],
  E2BIG: () => [
    "is not started: its arguments and the environment are longer than the system allows (E2BIG). How long the environment is",
    shell`env | wc -c`,
  ],
  EMFILE: () => [
    "cannot be opened: this process has too many open files (EMFILE). How many there may be",
    shell`ulimit -n`,
  ],
};

/**
 * A failure of the machine's, such as a full disk, as a sentence with a command that shows more of it.
 *
 * @param error what Node threw
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

/** The path, or the nearest folder above it that is there. */
function existingPart(path: string): string {
  const above = dirname(path);
  return existsSync(path) || above === path ? path : existingPart(above);
}

/**
 * Runs a command to its end and sets the exit code of this process from it: what `main` returns, or that of a failure
 * where it throws, after the message on standard error.
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
