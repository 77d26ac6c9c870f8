import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { hasCode, messageOf, UserError } from "../../lib/errors.ts";
import { atLeast } from "./artifacts.ts";

const run = promisify(execFile);
const minimumVersion = "1.26.0";

/** Go settings that affect the result of a build, independent of the user's own settings. */
export const goEnvironment = { CGO_ENABLED: "0", GOWORK: "off" } as const;

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

/** Downloads the version of a module that the go.mod in `directory` pins, and returns its folder. */
export async function moduleDirectory(directory: string, module: string): Promise<string> {
  const { stdout } = await run("go", ["mod", "download", "-json", module], {
    cwd: directory,
    env: { ...process.env, ...goEnvironment },
  });
  const { Dir: folder } = JSON.parse(stdout) as { Dir?: string };
  if (folder === undefined) {
    throw new Error(`go mod download names no folder for ${module}`);
  }
  return folder;
}
