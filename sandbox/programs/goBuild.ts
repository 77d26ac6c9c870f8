import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import {
  chmodSync,
  copyFileSync,
  createWriteStream,
  mkdirSync,
  readdirSync,
  statSync,
} from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { finished } from "node:stream/promises";
import { promisify } from "node:util";
import { UserError } from "../../lib/errors.ts";
import { remove } from "../../lib/files.ts";
import { sandboxSource } from "../paths.ts";
import type { Step } from "../processes/progress.ts";
import type { ModuleFiles, Program } from "./artifacts.ts";
import { goEnvironment, moduleDirectory } from "./goToolchain.ts";

const run = promisify(execFile);

/** How many lines of a failed build are shown; the log has all of them. */
const shownLogLines = 12;

/**
 * Omits debug information, which takes a sixth of the compile time and which the linker drops anyway (`-s -w`). The
 * program behaves the same, so the flag is not part of the hash of its content.
 */
const withoutDebugInformation = "-gcflags=all=-dwarf=false";

/** The characters of a package name; for each package that it compiles, Go prints only the name. */
const packageName = /^[\w.\-/~]+$/;

/** How a program is built. */
export interface BuildOptions {
  /** The folder for the executable, which gets the program's name. */
  readonly folder: string;
  /** The file for Go's output. */
  readonly log: string;
  /** The step that shows the progress. */
  readonly step: Step;
  /** Cancels the build. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * Builds a program with Go in a copy of its module's folder, because the builder adds files to embed and must not
 * change the checkout.
 *
 * @throws UserError with the end of Go's output, and the log's path
 */
export async function build(
  program: Program,
  { folder, log, step, signal }: BuildOptions,
): Promise<void> {
  const source = join(folder, "source");
  copyWritable(sandboxSource(program.module), source);
  if (program.embeds !== undefined) {
    const { module, directory, files } = program.embeds;
    const from = await moduleDirectory(source, module);
    for (const file of files) {
      copyWritable(join(from, directory, file), join(source, file));
    }
  }
  const output = join(folder, program.name);
  const args = [
    "build",
    "-v",
    withoutDebugInformation,
    ...buildFlags(program),
    "-o",
    output,
    program.package,
  ];
  const packages = await packagesToCompile(program, source, step);
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
      tell();
    } else {
      step.update(line.replace(/^go: /, ""));
    }
  };
  await runLogged("go", args, { directory: source, log, onLine, signal });
  remove(source);
}

/** Copies files from a Go module into `folder`, under the artifact's name. */
export async function copyFiles(artifact: ModuleFiles, folder: string): Promise<void> {
  const module = await moduleDirectory(sandboxSource(artifact.module), artifact.source);
  copyWritable(join(module, artifact.directory), join(folder, artifact.name));
}

/** The flags of `go build`; part of the hash of a program's content. */
export function buildFlags({ variables = {} }: Program): string[] {
  const set = Object.entries(variables).map(([name, value]) => `-X ${name}=${value}`);
  return ["-mod=readonly", "-trimpath", "-ldflags", ["-s", "-w", ...set].join(" ")];
}

/** The number of a program's packages that Go has not compiled yet. This also downloads the program's modules. */
async function packagesToCompile(program: Program, source: string, step: Step): Promise<number> {
  step.update("downloading its modules");
  const format = "{{if .Stale}}{{.ImportPath}}{{end}}";
  const args = [
    "list",
    "-deps",
    withoutDebugInformation,
    ...buildFlags(program),
    "-f",
    format,
    program.package,
  ];
  try {
    const { stdout } = await run("go", args, {
      cwd: source,
      env: { ...process.env, ...goEnvironment },
      maxBuffer: 64 * 1024 * 1024,
    });
    return stdout.split("\n").filter((line) => line !== "").length;
  } catch {
    // The build itself reports the error.
    return 0;
  }
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
    env: { ...process.env, ...goEnvironment },
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

/** Copies a file or folder from the Go module cache, whose files are read-only, and makes the copy writable. */
function copyWritable(from: string, to: string): void {
  if (!statSync(from).isDirectory()) {
    copyFileSync(from, to);
    chmodSync(to, 0o644);
    return;
  }
  mkdirSync(to, { recursive: true });
  for (const entry of readdirSync(from)) {
    copyWritable(join(from, entry), join(to, entry));
  }
}
