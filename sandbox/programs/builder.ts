import { execFile, spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import {
  accessSync,
  chmodSync,
  constants,
  copyFileSync,
  createWriteStream,
  mkdirSync,
  readdirSync,
  renameSync,
  statSync,
} from "node:fs";
import { basename, delimiter, dirname, isAbsolute, join } from "node:path";
import { createInterface } from "node:readline";
import { finished } from "node:stream/promises";
import { promisify } from "node:util";
import { UserError } from "../../lib/errors.ts";
import { readIfPresent, remove, writeAtomically } from "../../lib/files.ts";
import { goEnvironment, moduleDirectory, requireGo } from "./goToolchain.ts";
import { withLock } from "../processes/lock.ts";
import { programCacheDirectory, projectDirectory, sandboxSource } from "../paths.ts";
import {
  findArtifact,
  type Artifact,
  type ArtifactName,
  type ModuleFiles,
  type Program,
} from "./artifacts.ts";
import { formatSeconds, type Reporter, type Step } from "../processes/progress.ts";

const run = promisify(execFile);

/** How many lines of a failed build are shown; the log has them all. */
const shownLogLines = 12;

/** An artifact that is ready for use. */
export interface Installed {
  readonly name: ArtifactName;
  /** The executable of a program, the folder of files. */
  readonly path: string;
  /** Whether it was found on PATH, and not built. */
  readonly onPath: boolean;
}

/**
 * Makes sure that the named artifacts are there: on PATH, else in the cache, else built. Whatever is used has
 * been run once, and has told its version where it can.
 *
 * @returns where each is, by name.
 * @throws UserError when Go is missing, or a build fails (with the end of its output and the log's path).
 */
export async function ensurePrograms<Name extends ArtifactName>(
  names: readonly Name[],
  reporter: Reporter,
): Promise<ReadonlyMap<Name, Installed>> {
  const found = await findAll(names);
  const missing = names.filter((name) => found.get(name) === undefined).map(findArtifact);
  if (missing.length > 0) {
    await requireGo();
    if (missing.length > 1) {
      const seconds = missing.reduce((sum, { buildSeconds }) => sum + buildSeconds, 0);
      reporter.note(
        `Building ${missing.length} programs into ${programCacheDirectory()}, once; ` +
          `this takes about ${formatSeconds(seconds)} on two cores.`,
      );
    }
  }
  // One after another: a Go build keeps all cores busy by itself.
  for (const artifact of missing) {
    const name = artifact.name as Name;
    found.set(name, { name, path: await make(artifact, reporter), onPath: false });
  }
  return found as ReadonlyMap<Name, Installed>;
}

/** Those of the named artifacts that {@link ensurePrograms} would have to build. */
export async function missingPrograms(names: readonly ArtifactName[]): Promise<Artifact[]> {
  const found = await findAll(names);
  return names.filter((name) => found.get(name) === undefined).map(findArtifact);
}

/** Where an artifact is kept: named by all that decides its content, so that it never needs an update. */
export function cachePath(artifact: Artifact): string {
  const content =
    artifact.kind === "program"
      ? [artifact.package, buildFlags(artifact), artifact.embeds, goEnvironment]
      : [artifact.source, artifact.directory];
  const hash = createHash("sha256").update(
    JSON.stringify([process.platform, process.arch, content]),
  );
  const directory = sandboxSource(artifact.module);
  const entries = readdirSync(directory, { recursive: true, encoding: "utf8" }).sort();
  for (const file of entries.filter((entry) => statSync(join(directory, entry)).isFile())) {
    hash.update(`\n${file}\n`).update(readIfPresent(join(directory, file)) ?? "");
  }
  const key = `${artifact.name}-${artifact.version}-${hash.digest("hex").slice(0, 12)}`;
  return join(programCacheDirectory(), key, artifact.name);
}

/**
 * Fills the folder `target` by calling `fill` with a temporary folder beside it, which then gets the name
 * `target`: a process killed half way leaves nothing under that name, and what it left is swept up here.
 * The caller holds the lock on `target`.
 */
export async function fillAtomically(
  target: string,
  fill: (temporary: string) => Promise<void>,
): Promise<void> {
  const parent = dirname(target);
  const prefix = `${basename(target)}.partial-`;
  mkdirSync(parent, { recursive: true });
  for (const entry of readdirSync(parent).filter((name) => name.startsWith(prefix))) {
    remove(join(parent, entry));
  }
  const temporary = join(parent, `${prefix}${process.pid}`);
  mkdirSync(temporary);
  try {
    await fill(temporary);
    remove(target);
    renameSync(temporary, target);
  } finally {
    remove(temporary);
  }
}

/** The executable `name` on PATH, or undefined. Folders of this project and of the cache do not count. */
export function findOnPath(name: string, path = process.env.PATH ?? ""): string | undefined {
  const own = [projectDirectory, programCacheDirectory()];
  return path
    .split(delimiter)
    .filter((folder) => isAbsolute(folder) && !own.some((root) => folder.startsWith(root)))
    .map((folder) => join(folder, name))
    .find(isExecutable);
}

async function findAll<Name extends ArtifactName>(
  names: readonly Name[],
): Promise<Map<Name, Installed | undefined>> {
  return new Map(await Promise.all(names.map(async (name) => [name, await find(name)] as const)));
}

async function find(name: ArtifactName): Promise<Installed | undefined> {
  const artifact = findArtifact(name);
  if (artifact.kind === "program" && artifact.accepts !== undefined) {
    const path = findOnPath(name);
    if (path !== undefined) {
      const version = await readVersion(artifact, path).catch(() => undefined);
      if (version !== undefined && artifact.accepts(version)) {
        return { name, path, onPath: true };
      }
    }
  }
  const path = cachePath(artifact);
  return (await isUsable(artifact, path)) ? { name, path, onPath: false } : undefined;
}

async function isUsable(artifact: Artifact, path: string): Promise<boolean> {
  if (artifact.kind === "files") {
    return statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
  }
  if (!isExecutable(path)) {
    return false;
  }
  if (hasRun(path)) {
    return true;
  }
  const runs = (await readVersion(artifact, path).catch(() => "")) === artifact.version;
  if (runs) {
    noteRun(path);
  }
  return runs;
}

/**
 * Whether this very file has been run before, and has told the right version: its folder in the cache is for one version
 * alone. Each start of a sandbox asks, and the programs together take more than a second to say it.
 */
export function hasRun(path: string): boolean {
  return readIfPresent(runNote(path)) === fileIdentity(path);
}

/** Notes that the program at this path of the cache runs. */
export function noteRun(path: string): void {
  try {
    writeAtomically(runNote(path), fileIdentity(path));
  } catch {
    // A cache that others keep: then it is run each time.
  }
}

function runNote(path: string): string {
  return `${path}.runs`;
}

/** Another one for each file that was ever at a path. */
function fileIdentity(path: string): string {
  const { ino, size, mtimeNs } = statSync(path, { bigint: true });
  return `${ino} ${size} ${mtimeNs}\n`;
}

/**
 * Runs a program's check and returns the version it tells, or the pinned one where it tells none.
 *
 * @throws when it does not run.
 */
async function readVersion(program: Program, path: string): Promise<string> {
  const { stdout, stderr } = await run(path, program.check.args, {
    timeout: 30_000,
    env: { ...process.env, PULUMI_SKIP_UPDATE_CHECK: "true" },
  });
  const { version } = program.check;
  return version === undefined ? program.version : (version.exec(stdout + stderr)?.[1] ?? "");
}

async function make(artifact: Artifact, reporter: Reporter): Promise<string> {
  const path = cachePath(artifact);
  const target = dirname(path);
  const verb = artifact.kind === "program" ? "Build" : "Fetch";
  const step = reporter.step(`${verb} ${artifact.name} ${artifact.version}`, artifact.buildSeconds);
  try {
    await withLock(
      `${target}.lock`,
      async () => {
        // Another process may have made it while this one waited for the lock.
        if (await isUsable(artifact, path)) {
          return;
        }
        await fillAtomically(target, async (temporary) => {
          await (artifact.kind === "program"
            ? build(artifact, temporary, `${target}.log`, step)
            : copyFiles(artifact, temporary));
          if (!(await isUsable(artifact, join(temporary, artifact.name)))) {
            throw new UserError(
              `${artifact.name} was built, but does not run or is not version ${artifact.version}.`,
            );
          }
        });
      },
      {
        onWait: ({ pid }) => {
          step.update(`process ${pid} is building it, waiting`);
        },
      },
    );
    step.done();
    return path;
  } catch (error) {
    step.fail();
    throw error;
  }
}

async function copyFiles(artifact: ModuleFiles, temporary: string): Promise<void> {
  const module = await moduleDirectory(sandboxSource(artifact.module), artifact.source);
  copyWritable(join(module, artifact.directory), join(temporary, artifact.name));
}

/** Builds in a copy of the module's folder, since files to embed are put there and a checkout stays as it is. */
async function build(program: Program, temporary: string, log: string, step: Step): Promise<void> {
  const source = join(temporary, "source");
  copyWritable(sandboxSource(program.module), source);
  if (program.embeds !== undefined) {
    const { module, directory, files } = program.embeds;
    const folder = await moduleDirectory(source, module);
    for (const file of files) {
      copyWritable(join(folder, directory, file), join(source, file));
    }
  }
  const output = join(temporary, program.name);
  const args = ["build", ...buildFlags(program), "-o", output, program.package];
  await runLogged("go", args, source, log, step);
  remove(source);
}

function buildFlags(program: Program): string[] {
  const variables = Object.entries(program.variables ?? {});
  const linker = ["-s", "-w", ...variables.map(([name, value]) => `-X ${name}=${value}`)];
  return ["-mod=readonly", "-trimpath", "-ldflags", linker.join(" ")];
}

/** Runs a command with its output in the file `log`, and shows what it says last as the step's remark. */
async function runLogged(
  command: string,
  args: readonly string[],
  directory: string,
  log: string,
  step: Step,
): Promise<void> {
  const lines: string[] = [];
  const file = createWriteStream(log);
  const unwritten = finished(file).catch((error: unknown) => error);
  const child = spawn(command, args, {
    cwd: directory,
    env: { ...process.env, ...goEnvironment },
    stdio: ["ignore", "ignore", "pipe"],
  });
  const exited = once(child, "exit") as Promise<[number | null, NodeJS.Signals | null]>;
  for await (const line of createInterface({ input: child.stderr })) {
    file.write(`${line}\n`);
    lines.push(line);
    step.update(line.replace(/^go: /, ""));
  }
  const [code, signal] = await exited;
  file.end();
  const logFailure = await unwritten;
  if (code !== 0) {
    const why = signal === null ? `exit code ${code}` : `signal ${signal}`;
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

/** Copies a file or folder out of the Go module cache, whose files are read-only, as writable ones. */
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

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}
