import { messageOf } from "../lib/errors.ts";
import { printable } from "../lib/printable.ts";
import { brokenCheckpoint, errorLines } from "../lib/pulumi.ts";
import { shell } from "../lib/shell.ts";
import { CouldNotLook } from "./look.ts";
import { PulumiFailed } from "./pulumiProcess.ts";

/** How much of what Pulumi says of a failure is told; all of it is in the log. */
const mostLines = 12;

/**
 * Why a stack has failed, for its reader.
 *
 * @param violations what policies have refused
 */
export function failureOf(error: unknown, stack: string, violations: readonly string[]): string {
  if (error instanceof PulumiFailed) {
    const { output } = error;
    const broken = brokenCheckpoint(output, stack);
    if (broken !== undefined) {
      return broken;
    }
    if (isLocked(output)) {
      return `The stack is locked: another Pulumi is at work on it, or was killed. When none is: ${shell`pulumi cancel ${stack}`}`;
    }
    const said = errorLines(output);
    const lines = violations.length > 0 ? violations : said.length > 0 ? said : [output.trim()];
    const left = lines.length - mostLines;
    return printable(
      [...lines.slice(0, mostLines), ...(left > 0 ? [`and ${left} lines more`] : [])].join("\n"),
    );
  }
  if (error instanceof CouldNotLook) {
    return printable(`The doctor could not look: ${messageOf(error)}`);
  }
  return printable(messageOf(error));
}

/** Whether a stack is locked, by the backends' words (backend/diy/lock.go; Pulumi Cloud's answer 409). */
export function isLocked(output: string): boolean {
  return /the stack is currently locked|Another update is currently in progress/.test(output);
}

/**
 * Whether the locks that a file backend's error names are all of one process on this machine.
 *
 * @param pid of the process, which has ended
 */
export function isLockOf(output: string, pid: number, host: string): boolean {
  const locks = [...output.matchAll(/created by [^@\n]*@(\S+) \(pid (\d+)\) at /g)];
  return locks.length > 0 && locks.every(([, at, by]) => at === host && by === String(pid));
}

/** Whether the program refuses to replace a credential, since an earlier rotation is not finished (components). */
export function isUnfinishedRotation(output: string): boolean {
  return output.includes("Finish the rotation first, without --replace");
}
