import { execFile } from "node:child_process";
import { availableParallelism } from "node:os";
import { promisify } from "node:util";
import { hasCode, messageOf, UserError } from "../../lib/errors.ts";
import { printable, printableLine } from "../../lib/printable.ts";
import { shell } from "../../lib/shell.ts";
import { atLeast } from "./artifacts.ts";

const run = promisify(execFile);
const minimumVersion = "1.26.0";

/** Go settings that affect the result of a build, independent of the user's own settings. */
export const goEnvironment = { CGO_ENABLED: "0", GOWORK: "off" } as const;

/**
 * The environment of a build. With memory to spare, a compiler collects no garbage before it has used its share, and
 * is not interrupted by signals of Go's scheduler. Each of these saves some percent of its time.
 */
export function compileEnvironment(): NodeJS.ProcessEnv {
  // Go runs one compiler on each core, and at least two. The last share is for `go` itself and for the cluster.
  const shares = Math.max(2, availableParallelism()) + 1;
  const mebibytes = Math.floor(process.availableMemory() / 2 ** 20 / shares);
  // Without collections, only our own limit keeps a compiler from using all memory.
  const isLimited = mebibytes >= 1024 && process.env.GOMEMLIMIT === undefined;
  return {
    GODEBUG: "asyncpreemptoff=1",
    ...(isLimited ? { GOGC: "off", GOMEMLIMIT: `${mebibytes}MiB` } : {}),
    ...process.env,
    ...goEnvironment,
  };
}

/** The flags of every compilation; part of the hash of a program's content. */
export const buildModes = ["-mod=readonly", "-trimpath"] as const;

/**
 * The flags of every compilation. Omitted debug information takes a sixth of the compile time, and the linker drops it
 * anyway (`-s -w`). The program behaves the same, so the last flag is not part of the hash of a program's content.
 */
export const compileFlags = [...buildModes, "-gcflags=all=-dwarf=false"] as const;

/**
 * Checks that Go is installed and new enough.
 *
 * @throws UserError that names the version to install.
 */
export async function requireGo(): Promise<void> {
  const fix = "install Go 1.26 or later from https://go.dev/dl/ and run the command again";
  let version: string;
  try {
    const { stdout } = await run("go", ["env", "GOVERSION"], { timeout: 30_000 });
    version = stdout.trim();
  } catch (error) {
    const what = hasCode(error, "ENOENT")
      ? "Go is not on PATH"
      : `Go cannot be run (${messageOf(error)})`;
    throw new UserError(`${what}, but the sandbox needs it to build programs: ${fix}.`);
  }
  // The compiler decides about a development version ("devel go1.27-…").
  const release = /^go(\d\S*)/.exec(version)?.[1];
  if (release !== undefined && !atLeast(minimumVersion)(release)) {
    throw new UserError(
      `Go on PATH is ${release}, which is too old for the sandbox's programs: ${fix}.`,
    );
  }
}

/**
 * Runs `go` in a folder with a go.mod, and returns its output.
 *
 * @param accepts whether an error's output is as useful as the output of a success. @default never
 * @throws UserError with what Go reports
 */
export async function runGo(
  args: readonly string[],
  directory: string,
  {
    signal,
    accepts = () => false,
  }: { signal?: AbortSignal | undefined; accepts?: (output: string) => boolean } = {},
): Promise<string> {
  try {
    const { stdout } = await run("go", args, {
      cwd: directory,
      env: { ...process.env, ...goEnvironment },
      maxBuffer: 64 * 1024 * 1024,
      signal,
    });
    return stdout;
  } catch (error) {
    signal?.throwIfAborted();
    const { stdout = "", stderr = "" } = error as { stdout?: string; stderr?: string };
    if (accepts(stdout)) {
      return stdout;
    }
    const reason = stderr.trim() === "" ? messageOf(error) : stderr.trim();
    throw new UserError(`go ${args.slice(0, 2).join(" ")} failed: ${printable(reason)}`);
  }
}

/**
 * Downloads the version of a module that the go.mod in `directory` pins, and returns its folder.
 *
 * @throws UserError with Go's reason, such as a proxy that does not respond
 */
export async function moduleDirectory(directory: string, module: string): Promise<string> {
  const output = await runGo(["mod", "download", "-json", module], directory, {
    // Go prints its reason where it would print the folder.
    accepts: (text) => text.startsWith("{"),
  });
  const { Dir: folder, Error: reason } = JSON.parse(output) as { Dir?: string; Error?: string };
  if (folder === undefined) {
    throw new UserError(
      `Go cannot download the module ${module}: ${printableLine(reason ?? "no reason given")}\n` +
        `If Go's proxy cannot be reached, choose another one: ${shell`go env -w GOPROXY=${"https://HOST"}`}`,
    );
  }
  return folder;
}
