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
/** The release whose stacks the present code must not change. */
export type Release = z.output<typeof releaseSchema>;

/** The release for the tests. */
export function readRelease(): Release {
  return releaseSchema.parse(parse(readFileSync("test/e2e/release.yaml", "utf8")));
}

/** The intended changes of the present code to the release's stacks. */
export function readPurposefulDifferences(): PurposefulDifference[] {
  const text = readFileSync("test/e2e/releaseDifferences.yaml", "utf8");
  return z.array(purposefulDifferenceSchema).parse(parse(text));
}

/** Why the release's code is unavailable here, and the fix; undefined if it is available. */
export function whyWithout({ version, commit }: Release): string | undefined {
  const { status, error } = git("cat-file", "-e", `${commit}^{commit}`);
  if (error !== undefined) {
    return `git does not run (${error.message}), but release ${version} comes from the history`;
  }
  return status === 0
    ? undefined
    : `release ${version} is missing from the history here (${commit.slice(0, 7)}): git fetch --unshallow`;
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
   * Checks out the code from the history.
   *
   * @param release the release; {@link whyWithout} must return undefined
   * @param directory the folder for the code, until {@link remove}
   */
  static async checkOut(release: Release, directory: string): Promise<ReleaseCode> {
    removeStaleTrees(basename(directory));
    rmSync(directory, { recursive: true, force: true });
    // By force: after a killed run, git still lists the folder, which the sandbox's next start deletes. Without
    // hooks, which are for the developers' own checkouts.
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

/**
 * Removes the entries of killed runs from git's list. Worktrees elsewhere, whose disk may be absent temporarily,
 * are not touched.
 */
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

/**
 * The folder with a release's packages: the project's own if it has all of them, else one that is kept for later
 * runs.
 */
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
 * Whether a folder has the packages of a lock file. npm writes its list of installed packages,
 * `.package-lock.json`, at the very end. Additional packages do no harm.
 */
function holds(nodeModules: string, wanted: Packages): boolean {
  const list = lockSchema.safeParse(readJsonIfPresent(join(nodeModules, ".package-lock.json")));
  const installed = list.data?.packages;
  return (
    installed !== undefined &&
    Object.entries(wanted)
      // The empty path is the project itself. Development packages are not needed to run the program.
      .filter(([path, { dev }]) => path !== "" && dev !== true)
      .every(([path, { version, integrity, optional, devOptional }]) => {
        const found = installed[path];
        // Optional packages are mostly for other platforms.
        return found === undefined
          ? optional === true || devOptional === true
          : found.version === version && found.integrity === integrity;
      })
  );
}

function installPackages(directory: string): void {
  // npm passes its own path to the scripts that it runs; otherwise, the npm on PATH is used.
  const npm = process.env.npm_execpath;
  const [command, args] = npm?.endsWith(".js") === true ? [process.execPath, [npm]] : ["npm", []];
  const options = { cwd: directory, encoding: "utf8" } as const;
  succeed(spawnSync(command, [...args, "ci", "--omit=dev"], options));
}

/** Variables by which git, when a hook runs the tests, names the hook's checkout. */
const ofHook = ["GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_COMMON_DIR", "GIT_PREFIX"];

function git(...args: readonly string[]) {
  const inherited = Object.entries(process.env).filter(([name]) => !ofHook.includes(name));
  return spawnSync("git", args, {
    cwd: projectDirectory,
    env: Object.fromEntries(inherited),
    encoding: "utf8",
  });
}

/** @returns the command's output */
function succeed(result: ReturnType<typeof git>): string {
  if (result.status !== 0) {
    throw result.error ?? new Error(result.stderr + result.stdout);
  }
  return result.stdout;
}
