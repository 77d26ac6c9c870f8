import { printable } from "./printable.ts";

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
    const expected = usage || error instanceof UserError;
    const stack = error instanceof Error ? error.stack : undefined;
    const showStack = process.env.DEBUG !== undefined || !expected;
    process.stderr.write(`${printable((showStack ? stack : undefined) ?? messageOf(error))}\n`);
    process.exitCode = usage ? codes.usage : codes.failure;
  }
}
