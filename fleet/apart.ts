import { spawn, type ChildProcess, type StdioOptions } from "node:child_process";
import { once } from "node:events";
import { text } from "node:stream/consumers";

/** How a process has ended. */
export interface Ended {
  /** Null where a signal has ended it. */
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** What to run. */
export interface ApartOptions<Result> {
  readonly directory: string;
  readonly environment?: NodeJS.ProcessEnv;
  readonly stdio: StdioOptions;
  /** Takes what it writes, to its end. */
  readonly take: (child: ChildProcess) => Promise<Result>;
  /** Whether this process has itself interrupted it. Default: it does not */
  readonly interrupted?: () => boolean;
}

/**
 * Runs a program in a session of its own, so that an interrupt at the terminal, which is for the fleet, does not reach it.
 *
 * An interrupt that comes while it is being started, before it is apart, ends it before it has become the program; then it
 * is started again.
 */
export async function runApart<Result>(
  command: string,
  args: readonly string[],
  { directory, environment, stdio, take, interrupted = () => false }: ApartOptions<Result>,
): Promise<Ended & { readonly result: Result }> {
  for (;;) {
    const child = spawn(command, args, {
      cwd: directory,
      env: environment,
      detached: true,
      stdio,
    });
    const closed = once(child, "close") as Promise<[Ended["code"], Ended["signal"]]>;
    const [result, [code, signal]] = await Promise.all([take(child), closed]);
    // Pulumi takes an interrupt and ends by itself, and the doctor is looked at again.
    if (signal !== "SIGINT" || interrupted()) {
      return { code, signal, result };
    }
  }
}

/** What a program writes to its end, on standard output and on standard error; nothing where that goes to a file. */
export function outputOf({ stdout, stderr }: ChildProcess): Promise<readonly [string, string]> {
  return Promise.all([stdout === null ? "" : text(stdout), stderr === null ? "" : text(stderr)]);
}
