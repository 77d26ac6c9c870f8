import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { hasCode, messageOf, UserError } from "../../lib/errors.ts";
import { atLeast } from "./artifacts.ts";

const run = promisify(execFile);
const minimumVersion = "1.26.0";

/** Settings of Go that decide what a build gives, whatever the user's own are. */
export const goEnvironment = { CGO_ENABLED: "0", GOWORK: "off" } as const;

/**
 * Checks that Go is there and new enough.
 *
 * @throws UserError that says what to install.
 */
export async function requireGo(): Promise<void> {
  const mend = "install Go 1.26 or later from https://go.dev/dl/ and run the command again";
  let version: string;
  try {
    const { stdout } = await run("go", ["env", "GOVERSION"], { timeout: 30_000 });
    version = stdout.trim();
  } catch (error) {
    const what = hasCode(error, "ENOENT")
      ? "Go is not on PATH"
      : `Go does not run (${messageOf(error)})`;
    throw new UserError(`${what}, and the sandbox's programs are built with it: ${mend}.`);
  }
  // A development version ("devel go1.27-…") is left to the compiler to judge.
  const release = /^go(\d\S*)/.exec(version)?.[1];
  if (release !== undefined && !atLeast(minimumVersion)(release)) {
    throw new UserError(`Go on PATH is ${release}, too old for the sandbox's programs: ${mend}.`);
  }
}

/** Downloads a module at the version that the go.mod in `directory` pins, and returns its folder. */
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
