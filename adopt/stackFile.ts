import { existsSync, realpathSync } from "node:fs";
import { join } from "node:path";
import { isMap as isMapNode, Scalar, visit, type Node } from "yaml";
import { readIfPresent, writeAtomically } from "../lib/files.ts";
import { isMap, parseJsonDigits, type ValueMap } from "../lib/json.ts";
import { decimalText } from "../lib/numbers.ts";
import { printable } from "../lib/printable.ts";
import { hasEnvironment, readProject, readStackConfig, stackFileName } from "../lib/stackFile.ts";
import { leaves, mapLeaves } from "../lib/tree.ts";
import { editableYaml } from "../lib/yaml.ts";

/** What a stack's configuration says already. */
export interface StackFile {
  /** Its settings by name, without those that hold something encrypted. */
  readonly settings: ValueMap;
  /** Names of the settings that are encrypted, or hold something encrypted. */
  readonly encrypted: readonly string[];
  /** Names of the settings that are not the file's, but an environment's of Pulumi ESC. Default: none. */
  readonly inEnvironment?: readonly string[];
  /** What it says to the Kubernetes plugin, by the plugin's own names; encrypted values are `{ secure }`. */
  readonly kubernetes?: ValueMap;
  /** Whether the file names environments of Pulumi ESC. Default: no. */
  readonly hasEnvironment?: boolean;
}

/**
 * Reads a stack's file. `pulumi config` would do it only for a stack that has been made, which a dry run must not do.
 *
 * @param directory the project's
 */
export function readStackFile(directory: string, stack: string): StackFile {
  const { name } = readProject(directory);
  return {
    ...stackSettings(name, readStackConfig(directory, stack)),
    ...(hasEnvironment(directory, stack) && { hasEnvironment: true }),
  };
}

/**
 * What Pulumi itself says of a stack's configuration, environments of ESC included.
 *
 * @param text what `pulumi config --json` has written
 * @param file what the stack's file says
 * @returns undefined where that is no configuration
 */
export function configuredByPulumi(
  project: string,
  text: string,
  file: StackFile,
): StackFile | undefined {
  const all = parseJsonDigits(text);
  if (!isMap(all)) {
    return undefined;
  }
  const config = Object.entries(all).map(([key, entry]): [string, unknown] => {
    const { value, objectValue, secret } = isMap(entry) ? entry : {};
    return [key, secret === true ? { secure: "" } : (objectValue ?? value)];
  });
  const told = stackSettings(project, Object.fromEntries(config));
  const inFile = [...Object.keys(file.settings), ...file.encrypted];
  const inEnvironment = [...Object.keys(told.settings), ...told.encrypted].filter(
    (name) => !inFile.includes(name),
  );
  return { ...told, ...(inEnvironment.length > 0 && { inEnvironment }) };
}

/** The settings in a configuration, whose keys are in full. */
function stackSettings(project: string, config: ValueMap): StackFile {
  const under = (prefix: string) =>
    Object.entries(config)
      .filter(([key]) => key.startsWith(prefix))
      .map(([key, value]) => [key.slice(prefix.length), handedOver(value)] as const);
  const own = under(`${project}:`);
  const kubernetes = under("kubernetes:");
  const isEncrypted = (value: unknown) =>
    leaves(value, { lists: true }).some(([path]) => path.split(".").at(-1) === "secure");
  return {
    settings: Object.fromEntries(own.filter(([, value]) => !isEncrypted(value))),
    encrypted: own.filter(([, value]) => isEncrypted(value)).map(([key]) => key),
    ...(kubernetes.length > 0 && { kubernetes: Object.fromEntries(kubernetes) }),
  };
}

/** A value as Pulumi hands it over: text, or a map or list. */
function handedOver(value: unknown): unknown {
  if (isMap(value) || Array.isArray(value)) {
    // Pulumi hands these over as JSON, which has the digits.
    return mapLeaves(value, (leaf) => (typeof leaf === "bigint" ? String(leaf) : leaf));
  }
  if (typeof value === "number") {
    return decimalText(value);
  }
  return typeof value === "bigint" || typeof value === "boolean" ? String(value) : (value ?? "");
}

/**
 * Writes settings in clear into a stack's file, as `pulumi config` would. What the file says otherwise stays, its comments
 * included.
 *
 * @param directory the project's
 * @param settings by name; what each was before is gone
 */
export function writeSettings(
  directory: string,
  { project, stack }: { readonly project: string; readonly stack: string },
  settings: ValueMap,
): void {
  if (Object.keys(settings).length === 0) {
    return;
  }
  const { stackConfigDir } = readProject(directory);
  const path = join(directory, stackConfigDir, stackFileName(stack));
  const document = editableYaml(readIfPresent(path) ?? "");
  if (!isMapNode(document.get("config"))) {
    document.set("config", document.createNode({}));
  }
  for (const [name, value] of Object.entries(settings)) {
    const node = document.createNode(value);
    quoteWhatLooksLikeOther(node);
    // The same setting in the other spellings that Pulumi takes (readStackConfig).
    document.deleteIn(["config", name]);
    document.deleteIn(["config", `${project}:config:${name}`]);
    document.setIn(["config", `${project}:${name}`], node);
  }
  // Pulumi's parser takes it for a line break, also where it is quoted.
  const text = document.toString({ lineWidth: 0 }).replaceAll("\u0085", "\\N");
  writeAtomically(existsSync(path) ? realpathSync(path) : path, text);
}

/** Pulumi's parser takes some texts for a date or a number that this one does not (go.yaml.in/yaml/v3, resolve.go). */
function quoteWhatLooksLikeOther(node: Node): void {
  visit(node, {
    Scalar: (_, scalar) => {
      const { value } = scalar;
      if (typeof value === "string" && !isPlain(value)) {
        scalar.type = Scalar.QUOTE_DOUBLE;
      }
    },
  });
}

function isPlain(text: string): boolean {
  return (
    printable(text) === text && !/^[\s\d.+~=<-]|^(?:y|n|yes|no|on|off|null|true|false)$/i.test(text)
  );
}
