import { createHash } from "node:crypto";
import { globSync, statSync } from "node:fs";
import { join } from "node:path";
import { readIfPresent } from "../lib/files.ts";
import { readProject, stackFileName } from "../lib/stackFile.ts";

/** The files of the stacks' program. */
const program = [
  "*.ts",
  "Pulumi.yaml",
  "package-lock.json",
  "{chart,components,config,dns,lib,startup}/**/*",
];

/**
 * A digest of a stack's file and the program: if it has changed since an interrupted run completed the stack, the stack
 * runs again.
 *
 * @param directory the project directory
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
