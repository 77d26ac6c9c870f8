import { messageOf } from "../lib/errors.ts";
import { printable } from "../lib/printable.ts";
import { backendFailure, errorLines, missingLogin } from "../lib/pulumi.ts";
import { shell } from "../lib/shell.ts";
import { DoctorFailed } from "./doctorResult.ts";
import { PulumiFailed } from "./pulumiProcess.ts";

/** How many lines of Pulumi's messages about a failure are printed; the log has all of them. */
const mostLines = 12;

/**
 * Why a stack failed, for the operator.
 *
 * @param violations the policy violations
 */
export function failureOf(error: unknown, stack: string, violations: readonly string[]): string {
  if (error instanceof PulumiFailed) {
    const { output } = error;
    const known = backendFailure(output, stack);
    if (known !== undefined) {
      return known;
    }
    if (isLocked(output)) {
      return `The stack is locked: another Pulumi process works on it, or was killed. If none works on it: ${shell`pulumi cancel ${stack}`}`;
    }
    const errors = errorLines(output);
    const lines = violations.length > 0 ? violations : errors.length > 0 ? errors : [output.trim()];
    const left = lines.length - mostLines;
    return printable(
      [...lines.slice(0, mostLines), ...(left > 0 ? [`and ${left} more lines`] : [])].join("\n"),
    );
  }
  if (error instanceof DoctorFailed) {
    return printable(`The doctor could not check the stack: ${messageOf(error)}`);
  }
  return printable(messageOf(error));
}

/**
 * Why the stacks of the backend cannot be listed, for the operator.
 *
 * @param output the output of `pulumi stack ls`
 */
export function listFailure(output: string): string {
  const login = missingLogin(output);
  if (login !== undefined) {
    return login;
  }
  const lines = errorLines(output);
  const reason = lines.length > 0 ? lines.join("\n") : output.trim();
  // For a state that Pulumi cannot read, it does not name the stack.
  return printable(
    `Pulumi cannot list the stacks: ${reason}\nTo see whose state cannot be read: npm run fleet -- doctor`,
  );
}

/** Whether a stack is locked, by the messages of the backends (backend/diy/lock.go; Pulumi Cloud's response 409). */
export function isLocked(output: string): boolean {
  return /the stack is currently locked|Another update is currently in progress/.test(output);
}

/**
 * Whether all locks in a file backend's error belong to one process on this machine.
 *
 * @param pid the pid of the process, which has ended
 */
export function isLockOf(output: string, pid: number, host: string): boolean {
  const locks = [...output.matchAll(/created by [^@\n]*@(\S+) \(pid (\d+)\) at /g)];
  return locks.length > 0 && locks.every(([, at, by]) => at === host && by === String(pid));
}

/** Whether the program refused to replace a credential, since an earlier rotation is not finished (components). */
export function isUnfinishedRotation(output: string): boolean {
  return output.includes("Finish the rotation first, without --replace");
}
