import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { cpSync, existsSync, readFileSync, rmSync, symlinkSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { parse } from "yaml";
import { z } from "zod";
import { readJsonIfPresent } from "../../lib/files.ts";
import { programCacheDirectory, projectDirectory } from "../../sandbox/paths.ts";
import { withLock } from "../../sandbox/processes/lock.ts";
import { fillAtomically } from "../../sandbox/programs/cache.ts";
import { purposefulDifferenceSchema, type PurposefulDifference } from "./stackDifferences.ts";
import { chartUnderTest } from "./workspace.ts";

const releaseSchema = z.strictObject({
  version: z.string(),
  commit: z.string().regex(/^[0-9a-f]{40}$/),
});
/** The release whose stacks the present code must leave as they are. */
export type Release = z.output<typeof releaseSchema>;

/** The release that the tests name. */
export function readRelease(): Release {
  return releaseSchema.parse(parse(readFileSync("test/e2e/release.yaml", "utf8")));
}

/** What the present code is meant to change in the release's stacks. */
export function readPurposefulDifferences(): PurposefulDifference[] {
  const text = readFileSync("test/e2e/releaseDifferences.yaml", "utf8");
  return z.array(purposefulDifferenceSchema).parse(parse(text));
}

/** Why the release's code cannot be had here, with what helps; undefined where it can. */
export function whyWithout({ version, commit }: Release): string | undefined {
  const { status, error } = git("cat-file", "-e", `${commit}^{commit}`);
  if (error !== undefined) {
    return `git does not run (${error.message}), and release ${version} comes from the history`;
  }
  return status === 0
    ? undefined
    : `the history here lacks release ${version} (${commit.slice(0, 7)}): git fetch --unshallow`;
}

/** The code of a release, with its packages. */
export class ReleaseCode {
  private readonly tree: string;
  private readonly packages: string;

  private constructor(tree: string, packages: string) {
    this.tree = tree;
    this.packages = packages;
  }

  /**
   * Takes the code from the history.
   *
   * @param release which; {@link whyWithout} says nothing against it
   * @param directory where to put it, until {@link remove}
   */
  static async checkOut(release: Release, directory: string): Promise<ReleaseCode> {
    removeStaleTrees(basename(directory));
    rmSync(directory, { recursive: true, force: true });
    // By force: a killed run leaves the folder known to git, and the sandbox's next start deletes it. Without hooks:
    // those of whoever works here are for their own checkouts.
    const add = ["worktree", "add", "--force", "--detach", directory, release.commit];
    succeed(git("-c", "core.hooksPath=/dev/null", ...add));
    try {
      return new ReleaseCode(directory, await packagesOf(release, directory));
    } catch (error) {
      succeed(git("worktree", "remove", "--force", directory));
      throw error;
    }
  }

  /** Puts the program into a folder. */
  writeProgram(directory: string): void {
    rmSync(directory, { recursive: true, force: true });
    cpSync(this.tree, directory, {
      recursive: true,
      filter: (path) => path !== join(this.tree, ".git"),
    });
    cpSync(chartUnderTest(), join(directory, ".sandbox/chart/provider"), { recursive: true });
    symlinkSync(this.packages, join(directory, "node_modules"));
  }

  remove(): void {
    succeed(git("worktree", "remove", "--force", this.tree));
  }
}

/** What killed runs left in git's list. Of worktrees somewhere else, whose disk may come back, none is touched. */
function removeStaleTrees(name: string): void {
  const lines = succeed(git("worktree", "list", "--porcelain")).split("\n");
  const stale = lines
    .filter((line) => line.startsWith("worktree "))
    .map((line) => line.slice("worktree ".length))
    .filter((path) => basename(path) === name && dirname(dirname(path)) === projectDirectory)
    .filter((path) => !existsSync(path));
  for (const path of stale) {
    succeed(git("worktree", "remove", "--force", path));
  }
}

const lockSchema = z.object({
  packages: z.record(
    z.string(),
    z.object({
      version: z.string().optional(),
      integrity: z.string().optional(),
      dev: z.boolean().optional(),
      devOptional: z.boolean().optional(),
      optional: z.boolean().optional(),
    }),
  ),
});
type Packages = z.output<typeof lockSchema>["packages"];

/** The folder with a release's packages: the project's own where it has them all, else one that is kept for later runs. */
async function packagesOf({ version }: Release, tree: string): Promise<string> {
  const lockFile = join(tree, "package-lock.json");
  const { packages: wanted } = lockSchema.parse(readJsonIfPresent(lockFile));
  const own = join(projectDirectory, "node_modules");
  if (holds(own, wanted)) {
    return own;
  }
  const digest = createHash("sha256").update(readFileSync(lockFile)).digest("hex").slice(0, 12);
  const kept = join(dirname(programCacheDirectory()), "packages", `${version}-${digest}`);
  await withLock(`${kept}.lock`, async () => {
    if (!holds(join(kept, "node_modules"), wanted)) {
      await fillAtomically(kept, (temporary) => {
        for (const name of ["package.json", "package-lock.json", ".npmrc"]) {
          cpSync(join(tree, name), join(temporary, name));
        }
        installPackages(temporary);
        return Promise.resolve();
      });
    }
  });
  return join(kept, "node_modules");
}

/**
 * Whether a folder holds what a lock file asks for. npm writes its own list of what it has installed,
 * `.package-lock.json`, at the very end. Packages beside those that are asked for do no harm.
 */
function holds(nodeModules: string, wanted: Packages): boolean {
  const list = lockSchema.safeParse(readJsonIfPresent(join(nodeModules, ".package-lock.json")));
  const installed = list.data?.packages;
  return (
    installed !== undefined &&
    Object.entries(wanted)
      // The empty path is the project itself. For development alone: the program runs without.
      .filter(([path, { dev }]) => path !== "" && dev !== true)
      .every(([path, { version, integrity, optional, devOptional }]) => {
        const found = installed[path];
        // Optional packages are for other platforms, mostly.
        return found === undefined
          ? optional === true || devOptional === true
          : found.version === version && found.integrity === integrity;
      })
  );
}

function installPackages(directory: string): void {
  // npm names itself to the scripts that it runs; run by hand, it is the one on PATH.
  const npm = process.env.npm_execpath;
  const [command, args] = npm?.endsWith(".js") === true ? [process.execPath, [npm]] : ["npm", []];
  const options = { cwd: directory, encoding: "utf8" } as const;
  succeed(spawnSync(command, [...args, "ci", "--omit=dev"], options));
}

/** Variables by which git, where it runs the tests from a hook, names that hook's checkout. */
const ofHook = ["GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_COMMON_DIR", "GIT_PREFIX"];

function git(...args: readonly string[]) {
  const inherited = Object.entries(process.env).filter(([name]) => !ofHook.includes(name));
  return spawnSync("git", args, {
    cwd: projectDirectory,
    env: Object.fromEntries(inherited),
    encoding: "utf8",
  });
}

/** @returns what the command wrote */
function succeed(result: ReturnType<typeof git>): string {
  if (result.status !== 0) {
    throw result.error ?? new Error(result.stderr + result.stdout);
  }
  return result.stdout;
}
