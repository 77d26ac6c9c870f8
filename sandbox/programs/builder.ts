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
import { freemem } from "node:os";
import { basename, delimiter, dirname, isAbsolute, join } from "node:path";
import { createInterface } from "node:readline";
import { finished } from "node:stream/promises";
import { promisify } from "node:util";
import { UserError } from "../../lib/errors.ts";
import { readIfPresent, remove } from "../../lib/files.ts";
import { goEnvironment, moduleDirectory, requireGo } from "./goToolchain.ts";
import { withLock } from "../processes/lock.ts";
import { programCacheDirectory, projectDirectory, sandboxSource } from "../paths.ts";
import {
  artifacts,
  findArtifact,
  type Artifact,
  type ArtifactName,
  type ModuleFiles,
  type Program,
} from "./artifacts.ts";
import { noteUse, removeSuperseded } from "./checkouts.ts";
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

/** Artifacts that are being made ready. */
export interface Preparation<Name extends ArtifactName> {
  /**
   * Waits for some of them, while the others are being built.
   *
   * @returns where each is, by name
   * @throws UserError when one of them cannot be built (with the end of its output and the log's path)
   */
  ready<Some extends Name>(names: readonly Some[]): Promise<ReadonlyMap<Some, Installed>>;
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
  return (await preparePrograms(names, reporter)).ready(names);
}

/**
 * Begins what {@link ensurePrograms} does, for callers that can go on with a part of it.
 *
 * @throws UserError when Go is missing
 */
export async function preparePrograms<Name extends ArtifactName>(
  names: readonly Name[],
  reporter: Reporter,
): Promise<Preparation<Name>> {
  await noteUse(artifacts.map(cachePath));
  const found = await findAll(names);
  const missing = names.filter((name) => found.get(name) === undefined).map(findArtifact);
  const made = new Map(
    missing.map(({ name }) => [name as Name, Promise.withResolvers<Installed>()] as const),
  );
  if (missing.length > 0) {
    await requireGo();
    if (missing.length > 1) {
      reporter.note(
        `Building ${missing.length} programs into ${programCacheDirectory()}, once; ` +
          `this takes about ${formatSeconds(buildTime(missing))} on two cores.`,
      );
    }
    for (const { promise } of made.values()) {
      // Whoever waits for it gets the error; nobody may.
      promise.catch(() => undefined);
    }
    void makeAll(missing, reporter, {
      done: (name, path) => made.get(name as Name)?.resolve({ name, path, onPath: false }),
      failed: (name, error) => made.get(name as Name)?.reject(error),
    });
  }
  return {
    ready: async <Some extends Name>(some: readonly Some[]) => {
      const all = some.map(async (name) => {
        const installed = found.get(name) ?? (await made.get(name)?.promise);
        if (installed === undefined) {
          throw new Error(`${name} is not among what is prepared`);
        }
        return [name, installed] as const;
      });
      return new Map(await Promise.all(all));
    },
  };
}

/** Where an artifact that needs no building is; undefined where it has to be built. */
export async function findInstalled(name: ArtifactName): Promise<Installed | undefined> {
  await noteUse(artifacts.map(cachePath));
  return find(name);
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

/** How many builds run at a time. What one core waits for, the other uses. */
function lanes(): number {
  return freemem() > 6 * 1024 ** 3 ? 2 : 1;
}

/**
 * About how long it takes to build some artifacts, in seconds: less than one after another, since compiling one fills the
 * time in which another is linked.
 */
export function buildTime(missing: readonly Pick<Artifact, "buildSeconds">[]): number {
  const seconds = missing.reduce((sum, { buildSeconds }) => sum + buildSeconds, 0);
  return missing.length > 1 && lanes() > 1 ? seconds * sideBySide : seconds;
}

/** What building side by side takes of the time that one after another would take. */
const sideBySide = 0.9;

/** Who is told of each artifact. */
interface Makers {
  readonly done: (name: ArtifactName, path: string) => void;
  readonly failed: (name: ArtifactName, error: unknown) => void;
}

/**
 * Makes artifacts, those of different modules side by side. Programs of one module share packages, and Go shares what is
 * compiled only when it is complete: they come one after another. After a failure nothing more is begun.
 */
async function makeAll(
  missing: readonly Artifact[],
  reporter: Reporter,
  { done, failed }: Makers,
): Promise<void> {
  const modules = [...Map.groupBy(missing, ({ module }) => module).values()];
  modules.sort((one, other) => buildTime(other) - buildTime(one));
  let failure: unknown;
  const work = async () => {
    for (let module = modules.shift(); module !== undefined; module = modules.shift()) {
      for (const artifact of module) {
        const name = artifact.name as ArtifactName;
        if (failure !== undefined) {
          failed(name, failure);
          continue;
        }
        try {
          done(name, await make(artifact, reporter));
        } catch (error) {
          failure = error;
          failed(name, error);
        }
      }
    }
  };
  await Promise.all(Array.from({ length: lanes() }, work));
  if (failure === undefined) {
    await removeSuperseded();
  }
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
  return (
    isExecutable(path) && (await readVersion(artifact, path).catch(() => "")) === artifact.version
  );
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
  const args = ["build", "-v", ...buildFlags(program), "-o", output, program.package];
  const packages = await packagesToCompile(program, source, step);
  let compiled = 0;
  await runLogged("go", args, source, log, (line) => {
    // With -v, Go names each package when it begins to compile it.
    if (/^[\w.\-/~]+$/.test(line)) {
      compiled += 1;
      const [done, all] = [compiled, Math.max(packages, compiled)].map((n) =>
        n.toLocaleString("en"),
      );
      step.update(`compiling ${done} of ${all} packages`);
    } else {
      step.update(line.replace(/^go: /, ""));
    }
  });
  remove(source);
}

/** How many packages of a program Go has not compiled yet. Its modules are downloaded by this, too. */
async function packagesToCompile(program: Program, source: string, step: Step): Promise<number> {
  step.update("downloading its modules");
  const format = "{{if .Stale}}{{.ImportPath}}{{end}}";
  const args = ["list", "-deps", ...buildFlags(program), "-f", format, program.package];
  try {
    const { stdout } = await run("go", args, {
      cwd: source,
      env: { ...process.env, ...goEnvironment },
      maxBuffer: 64 * 1024 * 1024,
    });
    return stdout.split("\n").filter((line) => line !== "").length;
  } catch {
    // The build itself says what is wrong.
    return 0;
  }
}

function buildFlags(program: Program): string[] {
  const variables = Object.entries(program.variables ?? {});
  const linker = ["-s", "-w", ...variables.map(([name, value]) => `-X ${name}=${value}`)];
  return ["-mod=readonly", "-trimpath", "-ldflags", linker.join(" ")];
}

/** Runs a command with its output in the file `log`, which `onLine` is told of line by line. */
async function runLogged(
  command: string,
  args: readonly string[],
  directory: string,
  log: string,
  onLine: (line: string) => void,
): Promise<void> {
  const lines: string[] = [];
  const file = createWriteStream(log);
  const child = spawn(command, args, {
    cwd: directory,
    env: { ...process.env, ...goEnvironment },
    stdio: ["ignore", "ignore", "pipe"],
  });
  const exited = once(child, "exit") as Promise<[number | null, NodeJS.Signals | null]>;
  for await (const line of createInterface({ input: child.stderr })) {
    file.write(`${line}\n`);
    lines.push(line);
    onLine(line);
  }
  const [code, signal] = await exited;
  file.end();
  await finished(file);
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
