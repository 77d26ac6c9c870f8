import { createHash } from "node:crypto";
import { globSync, statSync } from "node:fs";
import { join } from "node:path";
import { readIfPresent } from "../lib/files.ts";
import { readProject, stackFileName } from "../lib/stackFile.ts";

/** What the stacks' program is made of. */
const program = [
  "*.ts",
  "Pulumi.yaml",
  "package-lock.json",
  "{chart,components,config,dns,lib,startup}/**/*",
];

/**
 * A digest of what a stack is brought up from, its file and the program: what has changed since an interrupted run has
 * done it is done again.
 *
 * @param directory the project's
 */
export function sourcesDigest(directory: string, stack: string): string {
  const { stackConfigDir = "." } = readProject(directory);
  const files = [
    ...program.flatMap((pattern) => globSync(pattern, { cwd: directory })),
    join(stackConfigDir, stackFileName(stack)),
  ].sort();
  const hash = createHash("sha256");
  for (const file of files) {
    const path = join(directory, file);
    if (statSync(path, { throwIfNoEntry: false })?.isFile() === true) {
      const content = readIfPresent(path) ?? "";
      hash.update(`${file}\0${content.length}\0${content}`);
    }
  }
  return hash.digest("hex");
}
