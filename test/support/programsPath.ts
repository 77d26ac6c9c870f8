import { delimiter, dirname, join } from "node:path";
import { projectDirectory } from "../../sandbox/paths.ts";
import type { ArtifactName } from "../../sandbox/programs/artifacts.ts";
import { silentReporter } from "../../sandbox/processes/progress.ts";
import { ensurePrograms } from "../../sandbox/programs/builder.ts";

/**
 * A PATH with these programs. The project's Node is first, because a program of the machine may be in a folder with
 * another Node.
 *
 * @param names of programs of the sandbox
 * @param path the rest of the PATH
 */
export async function programsPath(
  names: readonly ArtifactName[],
  path: string | undefined,
): Promise<string> {
  const programs = await ensurePrograms(names, silentReporter);
  return [
    join(projectDirectory, "node_modules", ".bin"),
    ...[...programs.values()].map((program) => dirname(program.path)),
    path ?? "",
  ].join(delimiter);
}
