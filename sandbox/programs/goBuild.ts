import { spawn } from "node:child_process";
import { once } from "node:events";
import { createWriteStream } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { finished } from "node:stream/promises";
import { UserError } from "../../lib/errors.ts";
import { sandboxSource } from "../paths.ts";
import type { Step } from "../processes/progress.ts";
import type { ModuleFiles, Program } from "./artifacts.ts";
import { copyWritable } from "./copyWritable.ts";
import { buildModes, compileEnvironment, compileFlags, moduleDirectory } from "./goToolchain.ts";
import type { PreparedModule } from "./preparedModule.ts";

/** How many lines of a failed build are shown; the log has all of them. */
const shownLogLines = 12;

/** The characters of a package name; for each package that it compiles, Go prints only the name. */
const packageName = /^[\w.\-/~]+$/;

/** How a program is built. */
export interface BuildOptions {
  /** The program's module. */
  readonly module: PreparedModule;
  /** The folder for the executable, which gets the program's name. */
  readonly folder: string;
  /** The packages of Go's library that earlier builds have compiled, after the modules were prepared. */
  readonly compiledLibrary: Set<string>;
  /** The file for Go's output. */
  readonly log: string;
  /** The step that shows the progress. */
  readonly step: Step;
  /** Cancels the build. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * Builds a program with Go.
 *
 * @throws UserError with the end of Go's output, and the log's path
 */
export async function build(
  program: Program,
  { module, folder, compiledLibrary, log, step, signal }: BuildOptions,
): Promise<void> {
  const output = join(folder, program.name);
  const args = [
    "build",
    "-v",
    ...compileFlags,
    ...linkFlags(program),
    "-o",
    output,
    program.package,
  ];
  const stale = module.packages.get(program.package) ?? [];
  const packages = stale.filter((name) => !compiledLibrary.has(name)).length;
  let compiled = 0;
  const tell = () => {
    const counts = [compiled, Math.max(packages, compiled)].map((count) =>
      count.toLocaleString("en"),
    );
    step.update(`compiling ${counts.join(" of ")} packages`);
  };
  tell();
  const onLine = (line: string) => {
    // With -v, Go prints the name of each package when it begins to compile it.
    if (packageName.test(line)) {
      compiled += 1;
      if (isInLibrary(line)) {
        compiledLibrary.add(line);
      }
      tell();
    } else {
      step.update(line.replace(/^go: /, ""));
    }
  };
  await runLogged("go", args, { directory: module.directory, log, onLine, signal });
}

/** Whether a package is in Go's library, which all modules share: only a module's path begins with a host. */
function isInLibrary(name: string): boolean {
  return !(name.split("/")[0] ?? "").includes(".");
}

/** Copies files from a Go module into `folder`, under the artifact's name. */
export async function copyFiles(artifact: ModuleFiles, folder: string): Promise<void> {
  const module = await moduleDirectory(sandboxSource(artifact.module), artifact.source);
  copyWritable(join(module, artifact.directory), join(folder, artifact.name));
}

/** The flags of `go build`; part of the hash of a program's content. */
export function buildFlags(program: Program): string[] {
  return [...buildModes, ...linkFlags(program)];
}

function linkFlags({ variables = {} }: Program): string[] {
  const set = Object.entries(variables).map(([name, value]) => `-X ${name}=${value}`);
  return ["-ldflags", ["-s", "-w", ...set].join(" ")];
}

interface LoggedOptions {
  readonly directory: string;
  readonly log: string;
  readonly onLine: (line: string) => void;
  readonly signal: AbortSignal | undefined;
}

/** Runs a command with its output in the file `log`, and passes each line to `onLine`. */
async function runLogged(
  command: string,
  args: readonly string[],
  { directory, log, onLine, signal }: LoggedOptions,
): Promise<void> {
  signal?.throwIfAborted();
  const lines: string[] = [];
  const file = createWriteStream(log);
  const unwritten = finished(file).catch((error: unknown) => error);
  const child = spawn(command, args, {
    cwd: directory,
    env: compileEnvironment(),
    stdio: ["ignore", "ignore", "pipe"],
  });
  const end = () => child.kill("SIGTERM");
  signal?.addEventListener("abort", end);
  const exited = once(child, "exit") as Promise<[number | null, NodeJS.Signals | null]>;
  for await (const line of createInterface({ input: child.stderr })) {
    file.write(`${line}\n`);
    lines.push(line);
    onLine(line);
  }
  const [code, killer] = await exited;
  signal?.removeEventListener("abort", end);
  file.end();
  const logFailure = await unwritten;
  signal?.throwIfAborted();
  if (code !== 0) {
    const why = killer === null ? `exit code ${code}` : `signal ${killer}`;
    throw new UserError(
      [
        `${command} ${args[0] ?? ""} of ${args.at(-1) ?? ""} failed (${why}):`,
        ...lines.slice(-shownLogLines).map((line) => `  ${line}`),
        `The full output is in ${log}.`,
      ].join("\n"),
    );
  }
  if (logFailure !== undefined) {
    throw logFailure as Error;
  }
}
