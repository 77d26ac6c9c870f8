import { spawn, type ChildProcess, type StdioOptions } from "node:child_process";
import { once } from "node:events";
import { text } from "node:stream/consumers";

/** How a process ended. */
export interface ProcessEnd {
  /** Null where a signal ended it. */
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** The options of {@link runInSession}. */
export interface SessionOptions<Result> {
  readonly directory: string;
  readonly environment?: NodeJS.ProcessEnv;
  readonly stdio: StdioOptions;
  /** Reads the program's output to its end. */
  readonly take: (child: ChildProcess) => Promise<Result>;
  /** Whether this process interrupted the program. Default: never */
  readonly interrupted?: () => boolean;
}

/**
 * Runs a program in its own session, so that an interrupt at the terminal, which is for the fleet, does not reach it.
 *
 * An interrupt during the start, before the session is separate, ends the process before it becomes the program; then it is
 * started again.
 */
export async function runInSession<Result>(
  command: string,
  args: readonly string[],
  { directory, environment, stdio, take, interrupted = () => false }: SessionOptions<Result>,
): Promise<ProcessEnd & { readonly result: Result }> {
  for (;;) {
    const child = spawn(command, args, {
      cwd: directory,
      env: environment,
      detached: true,
      stdio,
    });
    const closed = once(child, "close") as Promise<[ProcessEnd["code"], ProcessEnd["signal"]]>;
    const [result, [code, signal]] = await Promise.all([take(child), closed]);
    // Pulumi handles an interrupt and exits by itself, and the doctor can run again.
    if (signal !== "SIGINT" || interrupted()) {
      return { code, signal, result };
    }
  }
}

/** A program's whole standard output and standard error; empty where they are redirected to a file. */
export function outputOf({ stdout, stderr }: ChildProcess): Promise<readonly [string, string]> {
  return Promise.all([stdout === null ? "" : text(stdout), stderr === null ? "" : text(stderr)]);
}
