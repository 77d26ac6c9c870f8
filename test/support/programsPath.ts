import { delimiter, dirname, join } from "node:path";
import { projectDirectory } from "../../sandbox/paths.ts";
import type { ArtifactName } from "../../sandbox/programs/artifacts.ts";
import { silentReporter } from "../../sandbox/processes/progress.ts";
import { ensurePrograms } from "../../sandbox/programs/builder.ts";

/**
 * A PATH that has these programs, too. The project's Node stays first: a program of the machine's may be in a folder with
 * another Node.
 *
 * @param names of programs of the sandbox's
 * @param path what it has beside them
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
