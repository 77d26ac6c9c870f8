import * as pulumi from "@pulumi/pulumi";
import { stackAccess } from "../components/stackAccess.ts";
import type { CloudAccess } from "../dns/access.ts";
import { contextNames } from "../lib/kubeconfig.ts";
import { isMap, type ValueMap } from "../lib/json.ts";
import { readStackConfig } from "../lib/stackFile.ts";

/** The SDK's types omit it (@pulumi/pulumi, runtime/config.js). */
const { isConfigSecret } = pulumi.runtime as unknown as {
  readonly isConfigSecret: (key: string) => boolean;
};

const kubernetesPrefix = "kubernetes:";

/** The source of a configuration. */
export interface ConfigSource {
  /** The stack's name. */
  readonly stack: string;
  /** Values by setting, as Pulumi passes them: text, or JSON for objects and lists. */
  readonly values: Readonly<Record<string, string>>;
  /** The settings that are encrypted in the stack's file; a plugin's settings with the plugin's name. */
  readonly secrets: ReadonlySet<string>;
  /** How the cloud plugins connect. Default: the vendors' addresses and tools. */
  readonly plugins?: CloudAccess;
  /** The Kubernetes plugin's settings in the stack's file, by the plugin's names. Default: none. */
  readonly kubernetes?: Readonly<Record<string, string>>;
  /**
   * Whether the stack's file has an object or a list as a single text; undefined where the file does not have the setting.
   * Default: derived from the text.
   */
  readonly keptAsText?: (setting: string) => boolean | undefined;
  /**
   * The context names of a kubeconfig, given by path or content, else of those in `KUBECONFIG`. Default: contexts are not
   * checked.
   */
  readonly contexts?: (kubeconfig: string | undefined) => readonly string[];
}

/** The configuration of the stack that Pulumi is running. */
export function runningStack(): ConfigSource {
  const prefix = `${pulumi.getProject()}:`;
  const under = (prefix: string, keys: readonly string[]) =>
    keys.filter((key) => key.startsWith(prefix)).map((key) => key.slice(prefix.length));
  const own = (keys: readonly string[]) => under(prefix, keys);
  const all = pulumi.runtime.allConfig();
  const secretKeys = Object.keys(all).filter(isConfigSecret);
  const isTextInFile = textsInFile(process.cwd(), pulumi.getStack());
  return {
    stack: pulumi.getStack(),
    values: Object.fromEntries(
      own(Object.keys(all)).map((name) => [name, all[prefix + name] ?? ""]),
    ),
    secrets: new Set([
      ...own(secretKeys),
      ...secretKeys.filter((key) => key.startsWith(kubernetesPrefix)),
    ]),
    plugins: stackAccess(),
    kubernetes: Object.fromEntries(
      under(kubernetesPrefix, Object.keys(all)).map((name) => [
        name,
        all[kubernetesPrefix + name] ?? "",
      ]),
    ),
    keptAsText: (setting) => isTextInFile(prefix + setting),
    contexts: (kubeconfig) => contextNames({ kubeconfig, stack: pulumi.getStack() }),
  };
}

/**
 * Returns whether a stack's file has a key's value as a single text, encrypted or not; undefined without such a file or
 * key. The first call reads the file.
 *
 * @param directory the project directory
 */
export function textsInFile(
  directory: string,
  stack: string,
): (key: string) => boolean | undefined {
  let config: ValueMap | undefined;
  return (key) => {
    config ??= configInFile(directory, stack);
    const value = config[key];
    if (value === undefined) {
      return undefined;
    }
    const encrypted =
      isMap(value) && Object.keys(value).join() === "secure" ? value.secure : undefined;
    return typeof (encrypted ?? value) === "string";
  };
}

function configInFile(directory: string, stack: string): ValueMap {
  try {
    return readStackConfig(directory, stack);
  } catch {
    // The program of another project, or a configuration file passed to Pulumi instead of the stack's file.
    return {};
  }
}
