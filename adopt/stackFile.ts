import { existsSync, realpathSync } from "node:fs";
import { join } from "node:path";
import { Document, isMap, parseDocument, Scalar, visit, type Node } from "yaml";
import { readIfPresent, writeAtomically } from "../lib/files.ts";
import type { ValueMap } from "../lib/json.ts";
import { printable } from "../lib/printable.ts";
import { readProject, readStackConfig, stackFileName } from "../lib/stackFile.ts";
import { leaves } from "../lib/tree.ts";

/** What a stack's file says already. */
export interface StackFile {
  /** Its settings by name, without those that hold something encrypted. */
  readonly settings: ValueMap;
  /** Names of the settings that are encrypted, or hold something encrypted. */
  readonly encrypted: readonly string[];
  /** What it says to the Kubernetes plugin, by the plugin's own names; encrypted values are `{ secure }`. */
  readonly kubernetes?: ValueMap;
}

/**
 * Reads a stack's file. `pulumi config` would do it only for a stack that has been made, which a dry run must not do.
 *
 * @param directory the project's
 */
export function readStackFile(directory: string, stack: string): StackFile {
  const { name } = readProject(directory);
  const config = readStackConfig(directory, stack);
  const prefix = `${name}:`;
  const under = (prefix: string) =>
    Object.entries(config)
      .filter(([key]) => key.startsWith(prefix))
      .map(([key, value]) => [key.slice(prefix.length), value] as const);
  const own = under(prefix);
  const kubernetes = under("kubernetes:");
  const isEncrypted = (value: unknown) =>
    leaves(value).some(([path]) => path.split(".").at(-1) === "secure");
  return {
    settings: Object.fromEntries(own.filter(([, value]) => !isEncrypted(value))),
    encrypted: own.filter(([, value]) => isEncrypted(value)).map(([key]) => key),
    ...(kubernetes.length > 0 && { kubernetes: Object.fromEntries(kubernetes) }),
  };
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
  const present = parseDocument(readIfPresent(path) ?? "");
  const document = present.contents === null ? new Document({}) : present;
  if (!isMap(document.get("config"))) {
    document.set("config", document.createNode({}));
  }
  for (const [name, value] of Object.entries(settings)) {
    const node = document.createNode(value);
    quoteWhatLooksLikeOther(node);
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
