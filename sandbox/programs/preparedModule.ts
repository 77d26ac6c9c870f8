import { join } from "node:path";
import { remove, temporaryDirectory } from "../../lib/files.ts";
import { sandboxSource } from "../paths.ts";
import type { Program } from "./artifacts.ts";
import { copyWritable } from "./copyWritable.ts";
import { compileFlags, moduleDirectory, runGo } from "./goToolchain.ts";
import { reduceModules } from "./reducedModules.ts";

/** A copy of the folder with the go.mod of some programs, with everything that their builds need. */
export interface PreparedModule {
  readonly directory: string;
  /**
   * The packages to compile for each program, by package main, if the programs are built in the given order. Empty if
   * Go cannot tell; the build then reports the reason.
   */
  readonly packages: ReadonlyMap<string, readonly string[]>;
  /** Removes the copy. */
  remove(): void;
}

/**
 * Prepares the build of programs of one module: copies its folder, because the build adds files and must not change
 * the checkout, and downloads the modules that it requires.
 */
export async function prepareModule(
  programs: readonly [Program, ...Program[]],
  signal?: AbortSignal,
): Promise<PreparedModule> {
  const { module } = programs[0];
  const temporary = temporaryDirectory();
  const directory = join(temporary, "source");
  try {
    copyWritable(sandboxSource(module), directory);
    await reduceModules(module, directory);
    for (const { embeds } of programs) {
      if (embeds !== undefined) {
        const from = await moduleDirectory(directory, embeds.module);
        for (const file of embeds.files) {
          copyWritable(join(from, embeds.directory, file), join(directory, file));
        }
      }
    }
    const packages = await packagesToCompile(programs, directory, signal);
    return {
      directory,
      packages,
      remove: () => {
        remove(temporary);
      },
    };
  } catch (error) {
    remove(temporary);
    throw error;
  }
}

/** Lists packages and whether they are to be compiled; for packages main, also the main module and the dependencies. */
const listFormat =
  '{{.ImportPath}}\t{{.Stale}}{{if not .DepOnly}}\t{{with .Module}}{{if .Main}}{{.Path}}{{end}}{{end}}\t{{join .Deps " "}}{{end}}';

async function packagesToCompile(
  programs: readonly Program[],
  directory: string,
  signal: AbortSignal | undefined,
): Promise<ReadonlyMap<string, readonly string[]>> {
  const mains = programs.map((program) => program.package);
  let output: string;
  try {
    const args = ["list", "-deps", ...compileFlags, "-f", listFormat, ...mains];
    output = await runGo(args, directory, { signal });
  } catch {
    signal?.throwIfAborted();
    return new Map();
  }
  const stale = new Set<string>();
  const closures = new Map<string, readonly string[]>();
  for (const line of output.split("\n")) {
    const [path = "", isStale, mainModule, dependencies] = line.split("\t");
    if (isStale === "true") {
      stale.add(path);
    }
    if (dependencies !== undefined) {
      const isLocal = mainModule !== undefined && mainModule !== "";
      const main = isLocal ? `.${path.slice(mainModule.length)}` : path;
      closures.set(main, [...dependencies.split(" "), path]);
    }
  }
  return new Map(
    mains.map((main) => {
      const needed = (closures.get(main) ?? []).filter((path) => stale.has(path));
      // The next program uses them.
      needed.forEach((path) => stale.delete(path));
      return [main, needed];
    }),
  );
}
