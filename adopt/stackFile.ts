import type { ValueMap } from "../lib/json.ts";
import { readProject, readStackConfig } from "../lib/stackFile.ts";
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
