import { readFileSync } from "node:fs";
import { join } from "node:path";
import { readIfPresent } from "../lib/files.ts";
import { isMap, type ValueMap } from "../lib/json.ts";
import { decimalText } from "../lib/numbers.ts";
import { leaves, mapLeaves } from "../lib/tree.ts";
import { parsePulumiYaml } from "../lib/yaml.ts";

/** What a stack's file says already. */
export interface StackFile {
  /** Its settings by name, without those that hold something encrypted. */
  readonly settings: ValueMap;
  /** Names of the settings that are encrypted, or hold something encrypted. */
  readonly encrypted: readonly string[];
  /** What it says to the Kubernetes plugin, by the plugin's own names; encrypted values are `{ secure }`. */
  readonly kubernetes?: ValueMap;
}

interface ProjectFile {
  readonly name: string;
  readonly stackConfigDir: string;
}

/** The project's file Pulumi.yaml. */
export function readProject(directory: string): ProjectFile {
  return parsePulumiYaml(readFileSync(join(directory, "Pulumi.yaml"), "utf8")) as ProjectFile;
}

/**
 * Reads a stack's file. `pulumi config` would do it only for a stack that has been made, which a dry run must not do.
 *
 * @param directory the project's
 */
export function readStackFile(directory: string, stack: string): StackFile {
  const { name, stackConfigDir } = readProject(directory);
  const text =
    readIfPresent(join(directory, stackConfigDir, `Pulumi.${ownName(stack)}.yaml`)) ?? "";
  const { config } = (parsePulumiYaml(text) ?? {}) as { readonly config?: ValueMap };
  const prefix = `${name}:`;
  const under = (prefix: string) =>
    Object.entries(config ?? {})
      .filter(([key]) => key.startsWith(prefix))
      .map(([key, value]) => [key.slice(prefix.length), handedOver(value)] as const);
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

/** A value as Pulumi hands it over: text, or a map or list. */
function handedOver(value: unknown): unknown {
  if (isMap(value) || Array.isArray(value)) {
    // Pulumi hands these over as JSON, which has the digits.
    return mapLeaves(value, (leaf) => (typeof leaf === "bigint" ? String(leaf) : leaf));
  }
  return typeof value === "number" ? decimalText(value) : String(value ?? "");
}

/** A stack's name without its organisation and project. */
export function ownName(stack: string): string {
  return stack.split("/").at(-1) ?? stack;
}
