import { execFile } from "node:child_process";
import { statSync } from "node:fs";
import { delimiter, dirname, isAbsolute, join } from "node:path";
import { promisify } from "node:util";
import { UserError } from "../../lib/errors.ts";
import { readIfPresent, writeAtomically } from "../../lib/files.ts";
import { requireGo } from "./goToolchain.ts";
import { withLock } from "../processes/lock.ts";
import { programCacheDirectory, projectDirectory } from "../paths.ts";
import {
  artifacts,
  findArtifact,
  officialArchive,
  type Artifact,
  type ArtifactName,
  type Program,
} from "./artifacts.ts";
import {
  builtPlace,
  downloadedPlace,
  fillAtomically,
  isComplete,
  isExecutable,
  noteContents,
  places,
  type Place,
} from "./cache.ts";
import { noteUse, removeSuperseded } from "./checkouts.ts";
import { describeFailure, downloadUrl, openDownload, type OpenDownload } from "./download.ts";
import { build, copyFiles } from "./goBuild.ts";
import { prepareModule, type PreparedModule } from "./preparedModule.ts";
import { formatSeconds, type Reporter, type Step } from "../processes/progress.ts";

const run = promisify(execFile);

/** An artifact that is ready for use. */
export interface Installed {
  readonly name: ArtifactName;
  /** The executable of a program, or the folder of files. */
  readonly path: string;
  /** Whether it was found on PATH, rather than downloaded or built. */
  readonly onPath: boolean;
}

/** Artifacts in preparation. */
export interface Preparation<Name extends ArtifactName> {
  /**
   * Waits for some of the artifacts; the preparation of the others continues.
   *
   * @returns the artifacts' paths by name
   * @throws UserError when one of them cannot be built (with the end of the build's output and the log's path)
   */
  ready<Some extends Name>(names: readonly Some[]): Promise<ReadonlyMap<Some, Installed>>;
  /** Stops the preparation, for a caller that cannot continue. */
  abandon(): void;
}

/**
 * Makes the named artifacts available: from PATH, else from the cache, else by download, else by a build. Every
 * program in use has been run once and, where it can, has printed its version.
 *
 * @returns the artifacts' paths by name.
 * @throws UserError when Go is missing, or a build fails (with the end of the build's output and the log's path).
 */
export async function ensurePrograms<Name extends ArtifactName>(
  names: readonly Name[],
  reporter: Reporter,
): Promise<ReadonlyMap<Name, Installed>> {
  return (await preparePrograms(names, reporter)).ready(names);
}

/**
 * Begins the work of {@link ensurePrograms}, for callers that can continue with some of the artifacts.
 *
 * @throws UserError when Go is missing, and needed
 */
export async function preparePrograms<Name extends ArtifactName>(
  names: readonly Name[],
  reporter: Reporter,
): Promise<Preparation<Name>> {
  await noteOwnUse();
  const found = await findAll(names);
  const missing = names.filter((name) => found.get(name) === undefined && !underWay.has(name));
  const ended = new AbortController();
  if (missing.length > 0) {
    await makeAll(missing.map(findArtifact), reporter, ended);
  }
  const made = new Map(names.map((name) => [name, underWay.get(name)]));
  return {
    ready: async <Some extends Name>(some: readonly Some[]) => {
      const all = some.map(async (name) => {
        const installed = found.get(name) ?? (await made.get(name));
        if (installed === undefined) {
          throw new Error(`${name} is not among the prepared artifacts`);
        }
        return [name, installed] as const;
      });
      return new Map(await Promise.all(all));
    },
    abandon: () => {
      ended.abort(new UserError("The build was canceled."));
    },
  };
}

/** An artifact that is available; undefined if it has to be downloaded or built. */
export async function findInstalled(name: ArtifactName): Promise<Installed | undefined> {
  await noteOwnUse();
  return find(name);
}

/** The packages of Go's library that this process has compiled. */
const compiledLibrary = new Set<string>();

/** The artifacts that this process is preparing; every caller that needs one waits for it. */
const underWay = new Map<ArtifactName, Promise<Installed>>();

function noteOwnUse(): Promise<void> {
  return noteUse(artifacts.flatMap(places).map(({ path }) => path));
}

/** The named artifacts that {@link ensurePrograms} would have to download or build. */
export async function missingPrograms(names: readonly ArtifactName[]): Promise<Artifact[]> {
  const found = await findAll(names);
  return names.filter((name) => found.get(name) === undefined).map(findArtifact);
}

/** The executable `name` on PATH, or undefined. Folders of this project and of the cache are ignored. */
export function findOnPath(name: string, path = process.env.PATH ?? ""): string | undefined {
  const own = [projectDirectory, programCacheDirectory()];
  return path
    .split(delimiter)
    .filter((folder) => isAbsolute(folder) && !own.some((root) => folder.startsWith(root)))
    .map((folder) => join(folder, name))
    .find(isExecutable);
}

/** The approximate time to build some artifacts, in seconds. */
export function buildTime(missing: readonly Pick<Artifact, "buildSeconds">[]): number {
  return missing.reduce((sum, { buildSeconds }) => sum + buildSeconds, 0);
}

/** An artifact to prepare, with its download if one has begun. */
interface Order {
  readonly artifact: Artifact;
  readonly download: OpenDownload | undefined;
}

/**
 * Begins to prepare artifacts. Downloads run at once, those of Go modules included. The builds run one after another, in
 * the order of the table: one build uses all cores, and two at a time take a tenth longer. The first failure stops
 * everything.
 *
 * @param ended stops everything; {@link underWay} has the promise of each artifact
 * @throws UserError when Go is missing, and needed
 */
async function makeAll(
  missing: readonly Artifact[],
  reporter: Reporter,
  ended: AbortController,
): Promise<void> {
  await removeSuperseded().catch(() => undefined);
  const orders = await Promise.all(
    missing.map(async (artifact) => ({ artifact, download: await begin(artifact, reporter) })),
  );
  const toDownload = orders.filter(({ download }) => download !== undefined);
  const toBuild = orders.filter(({ download }) => download === undefined);
  try {
    if (toBuild.length > 0) {
      await requireGo();
    }
  } catch (error) {
    toDownload.forEach(({ download }) => download?.cancel());
    throw error;
  }
  announce(toDownload, toBuild, reporter);
  const made = new Map(orders.map((order) => [order, Promise.withResolvers<Installed>()] as const));
  for (const [{ artifact }, { promise }] of made) {
    underWay.set(artifact.name as ArtifactName, promise);
    // A caller that waits for the artifact gets the error; there may be no such caller.
    promise.catch(() => undefined);
  }
  const makeOne = async (order: Order, module?: Promise<PreparedModule>) => {
    const name = order.artifact.name as ArtifactName;
    try {
      const path = await make(order, { module, reporter, signal: ended.signal });
      made.get(order)?.resolve({ name, path, onPath: false });
    } catch (error) {
      // Every failure after the first is a consequence of the first.
      made.get(order)?.reject(ended.signal.aborted ? ended.signal.reason : error);
      ended.abort(error);
    } finally {
      underWay.delete(name);
    }
  };
  const modules = [...Map.groupBy(toBuild, ({ artifact }) => artifact.module).values()].map(
    (own) => ({ own, prepared: prepare(own, ended.signal) }),
  );
  const buildAll = async () => {
    for (const { own, prepared } of modules) {
      for (const order of own) {
        await makeOne(order, prepared);
      }
      await prepared?.then(
        (module) => {
          module.remove();
        },
        () => undefined,
      );
    }
  };
  void Promise.all([...toDownload.map((order) => makeOne(order)), buildAll()]);
}

/** Begins to prepare the module of some artifacts, if there are programs among them. */
function prepare(
  orders: readonly Order[],
  signal: AbortSignal,
): Promise<PreparedModule> | undefined {
  const [first, ...others] = orders
    .map(({ artifact }) => artifact)
    .filter((artifact) => artifact.kind === "program");
  const prepared = first && prepareModule([first, ...others], signal);
  // The first build gets the error; an earlier failure may prevent it.
  prepared?.catch(() => undefined);
  return prepared;
}

function secondsOf(orders: readonly Order[]): number {
  return buildTime(orders.map(({ artifact }) => artifact));
}

/** Prints once what is downloaded and built, and how long all of it takes. */
function announce(
  toDownload: readonly Order[],
  toBuild: readonly Order[],
  reporter: Reporter,
): void {
  const programs = (count: number) => `${count} ${count === 1 ? "program" : "programs"}`;
  const [bytes, downloads] = [
    toDownload.reduce((sum, { download }) => sum + (download?.bytes ?? 0), 0),
    programs(toDownload.length),
  ];
  const parts = [
    ...(toDownload.length > 0 ? [`Downloading ${downloads} (${(bytes / 1e6).toFixed(0)} MB)`] : []),
    ...(toBuild.length > 0
      ? [
          `${toDownload.length > 0 ? "building" : "Building"} ${programs(toBuild.length)}, which takes about ` +
            `${formatSeconds(secondsOf(toBuild))} on two cores`,
        ]
      : []),
  ];
  reporter.note(`${parts.join(" and ")}. They are cached in ${programCacheDirectory()}.`);
}

/** Begins a download, if there is an official build and its server is reachable. */
async function begin(artifact: Artifact, reporter: Reporter): Promise<OpenDownload | undefined> {
  const archive = officialArchive(artifact);
  const url = archive && downloadUrl(archive);
  if (archive === undefined || url === undefined) {
    return undefined;
  }
  try {
    return await openDownload(archive, url);
  } catch (error) {
    reporter.note(describeFailure(archive, url, error));
    return undefined;
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
  for (const place of places(artifact)) {
    if (await isUsable(artifact, place)) {
      return { name, path: place.path, onPath: false };
    }
  }
  return undefined;
}

/**
 * Whether an artifact at a place is usable: its files are complete, or the program runs and has the version of the
 * place.
 */
async function isUsable(artifact: Artifact, { path, version }: Place): Promise<boolean> {
  if (artifact.kind === "files") {
    return isComplete(path);
  }
  if (!isExecutable(path)) {
    return false;
  }
  if (hasRun(path)) {
    return true;
  }
  const told = await readVersion(artifact, path).catch(() => undefined);
  const runs = told === (artifact.check.version === undefined ? artifact.version : version);
  if (runs) {
    noteRun(path);
  }
  return runs;
}

/**
 * Whether this very file has been run before and has printed the right version; a folder of the cache is for one
 * version only. The note saves more than a second at each start of a sandbox, which checks all programs.
 */
export function hasRun(path: string): boolean {
  return readIfPresent(runNote(path)) === fileIdentity(path);
}

/** Notes that the program at this path in the cache runs. */
export function noteRun(path: string): void {
  try {
    writeAtomically(runNote(path), fileIdentity(path));
  } catch {
    // In a cache that this user cannot write, the program is run each time.
  }
}

function runNote(path: string): string {
  return `${path}.runs`;
}

/** Differs for each file that was ever at this path. */
function fileIdentity(path: string): string {
  const { ino, size, mtimeNs } = statSync(path, { bigint: true });
  return `${ino} ${size} ${mtimeNs}\n`;
}

/**
 * Runs a program's check and returns the version that it prints, or the pinned version if it prints none.
 *
 * @throws when the program does not run.
 */
async function readVersion(program: Program, path: string): Promise<string> {
  const { stdout, stderr } = await run(path, program.check.args, {
    timeout: 30_000,
    env: { ...process.env, PULUMI_SKIP_UPDATE_CHECK: "true" },
  });
  const { version } = program.check;
  return version === undefined ? program.version : (version.exec(stdout + stderr)?.[1] ?? "");
}

/** How {@link make} builds, reports progress and is canceled. */
interface MakeOptions {
  /** The program's module, if its preparation has begun. */
  readonly module?: Promise<PreparedModule> | undefined;
  readonly reporter: Reporter;
  readonly signal: AbortSignal;
}

/** @returns the path of the artifact */
async function make(order: Order, options: MakeOptions): Promise<string> {
  const { artifact, download } = order;
  const { reporter, signal } = options;
  const place = downloadedPlace(artifact);
  if (download === undefined || place === undefined) {
    return makeBy(artifact, options);
  }
  try {
    return await fill(
      artifact,
      place,
      { title: `Download ${artifact.name} ${place.version}`, reporter, signal },
      (folder, step) => download.unpack(artifact.name, folder, step),
    );
  } catch (error) {
    signal.throwIfAborted();
    reporter.note(describeFailure(download.archive, download.url, error));
    await requireGo();
    return makeBy(artifact, options);
  } finally {
    download.cancel();
  }
}

function makeBy(artifact: Artifact, { module, reporter, signal }: MakeOptions): Promise<string> {
  const place = builtPlace(artifact);
  const log = `${dirname(place.path)}.log`;
  const verb = artifact.kind === "program" ? "Build" : "Fetch";
  const title = `${verb} ${artifact.name} ${artifact.version}`;
  return fill(
    artifact,
    place,
    { title, seconds: artifact.buildSeconds, reporter, signal },
    async (folder, step) => {
      if (artifact.kind === "files") {
        return copyFiles(artifact, folder);
      }
      step.update("downloading its modules");
      const prepared = await (module ?? prepareModule([artifact], signal));
      try {
        await build(artifact, { module: prepared, folder, compiledLibrary, log, step, signal });
      } finally {
        if (module === undefined) {
          prepared.remove();
        }
      }
    },
  );
}

/** How {@link fill} reports progress and is canceled. */
interface FillOptions {
  readonly title: string;
  readonly seconds?: number;
  readonly reporter: Reporter;
  readonly signal: AbortSignal;
}

/** Fills a place with an artifact, as one step, unless another process does. */
async function fill(
  artifact: Artifact,
  place: Place,
  { title, seconds, reporter, signal }: FillOptions,
  work: (folder: string, step: Step) => Promise<void>,
): Promise<string> {
  signal.throwIfAborted();
  const target = dirname(place.path);
  const step = reporter.step(title, seconds);
  try {
    await withLock(
      `${target}.lock`,
      async () => {
        signal.throwIfAborted();
        // Another process may have filled the place while this one waited for the lock.
        if (await isUsable(artifact, place)) {
          return;
        }
        await fillAtomically(target, async (temporary) => {
          await work(temporary, step);
          const path = join(temporary, artifact.name);
          if (artifact.kind === "files") {
            noteContents(path);
          }
          if (!(await isUsable(artifact, { ...place, path }))) {
            throw new UserError(
              `${artifact.name} was created, but does not run or is not version ${place.version}.`,
            );
          }
        });
      },
      {
        onWait: ({ pid }) => {
          step.update(`waiting for process ${pid}, which is creating it`);
        },
      },
    );
    step.done();
    return place.path;
  } catch (error) {
    step.fail();
    throw error;
  }
}
