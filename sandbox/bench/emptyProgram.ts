import { mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { projectDirectory } from "../paths.ts";

/**
 * The files of an empty program in TypeScript, as `pulumi new typescript` creates them
 * (github.com/pulumi/templates).
 */
const files = {
  "Pulumi.yaml": "name: empty\nruntime: nodejs\n",
  "package.json": '{ "name": "empty", "main": "index.ts" }\n',
  "index.ts": 'import * as pulumi from "@pulumi/pulumi";\n',
} as const;

/**
 * Writes an empty program with the project's SDK version, to measure the time of Pulumi itself.
 *
 * @param directory its folder, which does not exist yet
 */
export function writeEmptyProgram(directory: string): void {
  mkdirSync(directory, { recursive: true });
  for (const [name, text] of Object.entries(files)) {
    writeFileSync(join(directory, name), text);
  }
  symlinkSync(join(projectDirectory, "node_modules"), join(directory, "node_modules"));
}
