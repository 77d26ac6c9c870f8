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

/** A stack's present configuration. */
export interface StackFile {
  /** The settings by name, without those that contain encrypted values. */
  readonly settings: ValueMap;
  /** Names of the settings that are encrypted, or contain encrypted values. */
  readonly encrypted: readonly string[];
  /** Names of the settings from an environment of Pulumi ESC instead of the file. Default: none. */
  readonly inEnvironment?: readonly string[];
  /** The Kubernetes plugin's settings, by the plugin's names; encrypted values are `{ secure }`. */
  readonly kubernetes?: ValueMap;
  /** Whether the file names environments of Pulumi ESC. Default: no. */
  readonly hasEnvironment?: boolean;
}

/**
 * Reads a stack's file. `pulumi config` works only for an existing stack, which a dry run must not create.
 *
 * @param directory the project directory
 */
export function readStackFile(directory: string, stack: string): StackFile {
  const { name } = readProject(directory);
  return {
    ...stackSettings(name, readStackConfig(directory, stack)),
    ...(hasEnvironment(directory, stack) && { hasEnvironment: true }),
  };
}

/**
 * A stack's configuration from Pulumi, including environments of ESC.
 *
 * @param text the output of `pulumi config --json`
 * @param file the content of the stack's file
 * @returns undefined where the text is not a configuration
 */
export function configuredByPulumi(
  project: string,
  text: string,
  file: StackFile,
): StackFile | undefined {
  const parsed = parseJsonDigits(text);
  if (!isMap(parsed)) {
    return undefined;
  }
  const config = Object.entries(parsed).map(([key, entry]): [string, unknown] => {
    const { value, objectValue, secret } = isMap(entry) ? entry : {};
    return [key, secret === true ? { secure: "" } : (objectValue ?? value)];
  });
  const all = stackSettings(project, Object.fromEntries(config));
  const inFile = [...Object.keys(file.settings), ...file.encrypted];
  const inEnvironment = [...Object.keys(all.settings), ...all.encrypted].filter(
    (name) => !inFile.includes(name),
  );
  return { ...all, ...(inEnvironment.length > 0 && { inEnvironment }) };
}

/** The settings in a configuration with full keys. */
function stackSettings(project: string, config: ValueMap): StackFile {
  const under = (prefix: string) =>
    Object.entries(config)
      .filter(([key]) => key.startsWith(prefix))
      .map(([key, value]) => [key.slice(prefix.length), passedValue(value)] as const);
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

/** A value as Pulumi passes it: text, or a map or list. */
function passedValue(value: unknown): unknown {
  if (isMap(value) || Array.isArray(value)) {
    // Pulumi passes maps and lists as JSON, which keeps the digits.
    return mapLeaves(value, (leaf) => (typeof leaf === "bigint" ? String(leaf) : leaf));
  }
  if (typeof value === "number") {
    return decimalText(value);
  }
  return typeof value === "bigint" || typeof value === "boolean" ? String(value) : (value ?? "");
}

/**
 * Writes plain text settings into a stack's file, like `pulumi config`. The rest of the file stays, including its comments.
 *
 * @param directory the project directory
 * @param settings by name; they replace the present values
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
    // The same setting in the other spellings that Pulumi accepts (readStackConfig).
    document.deleteIn(["config", name]);
    document.deleteIn(["config", `${project}:config:${name}`]);
    document.setIn(["config", `${project}:${name}`], node);
  }
  // Pulumi's parser reads U+0085 as a line break, also in quotes.
  const text = document.toString({ lineWidth: 0 }).replaceAll("\u0085", "\\N");
  writeAtomically(existsSync(path) ? realpathSync(path) : path, text);
}

/** Pulumi's parser reads some texts as a date or a number that this parser does not (go.yaml.in/yaml/v3, resolve.go). */
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
