import * as pulumi from "@pulumi/pulumi";
import { stackAccess } from "../components/stackAccess.ts";
import type { CloudAccess } from "../dns/access.ts";
import { contextNames } from "../lib/kubeconfig.ts";
import { isMap, type ValueMap } from "../lib/json.ts";
import { readStackConfig } from "../lib/stackFile.ts";

/** The types leave it out (@pulumi/pulumi, runtime/config.js). */
const { isConfigSecret } = pulumi.runtime as unknown as {
  readonly isConfigSecret: (key: string) => boolean;
};

const kubernetesPrefix = "kubernetes:";

/** What a configuration is read from. */
export interface ConfigSource {
  /** The stack's name. */
  readonly stack: string;
  /** Values by setting, as Pulumi hands them over: text, or JSON for objects and lists. */
  readonly values: Readonly<Record<string, string>>;
  /** The settings that are encrypted in the stack's file; those of plugins with the plugin's name. */
  readonly secrets: ReadonlySet<string>;
  /** How the clouds' plugins reach them. Default: as the vendors' own addresses and tools say. */
  readonly plugins?: CloudAccess;
  /** What the stack's file says to the Kubernetes plugin, by the plugin's own names. Default: nothing. */
  readonly kubernetes?: Readonly<Record<string, string>>;
  /**
   * Whether the stack's file has a setting as one text, where its value is an object or a list; undefined where it does
   * not say. Default: what the text shows by itself.
   */
  readonly keptAsText?: (setting: string) => boolean | undefined;
  /**
   * Names of the contexts of a kubeconfig, given by path or content, else of those that `KUBECONFIG` names. Default: they
   * are not looked at.
   */
  readonly contexts?: (kubeconfig: string | undefined) => readonly string[];
}

/** What the stack that Pulumi is running says. */
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
 * Tells whether a stack's file has a key's value as one text, encrypted or not; undefined where there is no such file, or it
 * does not have the key. The file is read at the first question.
 *
 * @param directory the project's
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
    // The program of another project, or a file that Pulumi was given in place of the stack's own.
    return {};
  }
}
