import { spawnSync } from "node:child_process";
import { cpSync, readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { chartUnderTest } from "./workspace.ts";

/** The package's name. */
export const packageName = "akash-provider-letsencrypt";

interface Manifest {
  readonly dependencies: Readonly<Record<string, string>>;
  readonly peerDependencies: Readonly<Record<string, string>>;
}

/**
 * Writes the program of `examples/own-program`, and installs this project's package in it from the archive that npm
 * packs. All other packages are links to the project's, so that npm needs no registry.
 *
 * @param directory the program's folder, which does not exist yet
 * @param env the environment of npm
 */
export function installOwnProgram(directory: string, env: NodeJS.ProcessEnv): void {
  cpSync("examples/own-program", directory, { recursive: true });
  cpSync(chartUnderTest(), join(directory, "chart"), { recursive: true });
  // Built separately, because `npm pack` runs no scripts in this project (.npmrc).
  npm(env, resolve(), "run", "build");
  npm(env, resolve(), "pack", `--pack-destination=${directory}`);

  const { dependencies, peerDependencies } = readManifest("package.json");
  const names = Object.keys({ ...dependencies, ...peerDependencies });
  const links = names.map((name) => [name, `file:${resolve("node_modules", name)}`]);
  const file = join(directory, "package.json");
  const own = readManifest(file);
  writeFileSync(
    file,
    JSON.stringify({
      ...own,
      dependencies: { ...own.dependencies, ...(Object.fromEntries(links) as object) },
    }),
  );
  // Without scripts: npm would run the build scripts of the linked packages.
  npm(env, directory, "install", "--offline", "--ignore-scripts", "--no-audit", "--no-fund");
}

function readManifest(file: string): Manifest {
  return JSON.parse(readFileSync(file, "utf8")) as Manifest;
}

function npm(env: NodeJS.ProcessEnv, cwd: string, ...args: readonly string[]): void {
  const { status, stdout, stderr } = spawnSync("npm", args, { cwd, env, encoding: "utf8" });
  if (status !== 0) {
    throw new Error(`npm ${args.join(" ")} failed (${status}):\n${stdout}${stderr}`);
  }
}
