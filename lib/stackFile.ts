import { readFileSync } from "node:fs";
import { join } from "node:path";
import { UserError } from "./errors.ts";
import { readIfPresent } from "./files.ts";
import { isMap, type ValueMap } from "./json.ts";
import { shell } from "./shell.ts";
import { NotYaml, parsePulumiYaml } from "./yaml.ts";

/** The fields of a project's file that are needed to find a stack's file. */
export interface ProjectFile {
  readonly name: string;
  readonly stackConfigDir: string;
}

/**
 * Reads the project's file Pulumi.yaml.
 *
 * @throws UserError where it is not YAML
 */
export function readProject(directory: string): ProjectFile {
  const path = join(directory, "Pulumi.yaml");
  return contentOf(path, readFileSync(path, "utf8")) as ProjectFile;
}

/**
 * Reads `config` from a stack's file: encrypted values stay `{ secure }`.
 *
 * @param directory the project directory
 * @returns values by full keys, `<project or plugin>:<name>`; an empty map without such a file
 * @throws UserError where it is not YAML
 */
export function readStackConfig(directory: string, stack: string): ValueMap {
  const { config } = readStack(directory, stack);
  const { name } = readProject(directory);
  return Object.fromEntries(
    Object.entries(isMap(config) ? config : {}).map(([key, value]) => [inFull(name, key), value]),
  );
}

/**
 * A key as Pulumi reads it: a key without a colon belongs to the project (sdk/go/common/workspace, project.go), and both
 * spellings `project:name` and `project:config:name` are accepted (sdk/go/common/resource/config, key.go).
 */
function inFull(project: string, key: string): string {
  const [, namespace = project, name = key] = /^([^:]*):(?:config:)?(.*)$/s.exec(key) ?? [];
  return `${namespace}:${name}`;
}

/** Whether a stack's file names environments of Pulumi ESC. */
export function hasEnvironment(directory: string, stack: string): boolean {
  const { environment } = readStack(directory, stack);
  return environment !== undefined && environment !== null;
}

function readStack(directory: string, stack: string): ValueMap {
  const { stackConfigDir } = readProject(directory);
  const path = join(directory, stackConfigDir, stackFileName(stack));
  const content = contentOf(path, readIfPresent(path) ?? "");
  return isMap(content) ? content : {};
}

function contentOf(path: string, text: string): unknown {
  try {
    return parsePulumiYaml(text);
  } catch (error) {
    if (!(error instanceof NotYaml)) {
      throw error;
    }
    const { line } = error;
    const show = line === undefined ? shell`grep -n '*' ${path}` : shell`sed -n ${line}p ${path}`;
    throw new UserError(
      `${path} is not YAML, and Pulumi cannot read it either: ${error.message}. To find the place: ${show}`,
    );
  }
}

/** The name of a stack's file. */
export function stackFileName(stack: string): string {
  return `Pulumi.${ownName(stack)}.yaml`;
}

/** A stack's name without its organisation and project. */
export function ownName(stack: string): string {
  return stack.split("/").at(-1) ?? stack;
}
