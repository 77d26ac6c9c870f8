import * as pulumi from "@pulumi/pulumi";
import { stackAccess } from "../components/stackAccess.ts";
import type { CloudAccess } from "../dns/access.ts";
import { contextNames } from "../lib/kubeconfig.ts";

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
    contexts: (kubeconfig) => contextNames({ kubeconfig }),
  };
}
