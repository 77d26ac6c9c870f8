import { isPath } from "../lib/kubeconfig.ts";
import { messageOf } from "../lib/errors.ts";
import { kubeconfigSetting } from "../lib/pulumi.ts";
import type { SettingProblem } from "./fix.ts";
import type { ConfigSource } from "./source.ts";
import { shell } from "../lib/shell.ts";

/** The Kubernetes plugin's settings that are aliases of the program's settings, by the plugin's name. */
export const aliases = { context: "kubeContext", namespace: "namespace" } as const;

/** The settings that a stack sets under the Kubernetes plugin's name, with that name. */
export function aliasesInUse({
  values,
  kubernetes = {},
}: ConfigSource): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries(aliases)
      .filter(([own, setting]) => kubernetes[own] !== undefined && values[setting] === undefined)
      .map(([own, setting]) => [setting, `kubernetes:${own}`]),
  );
}

/** A stack's values by setting, including those under the Kubernetes plugin's names. */
export function valuesWithAliases(source: ConfigSource): Readonly<Record<string, string>> {
  const { values, kubernetes = {} } = source;
  const named = Object.entries(aliases).flatMap(([own, setting]) => {
    const value = kubernetes[own];
    return value === undefined ? [] : [[setting, value] as const];
  });
  return { ...Object.fromEntries(named), ...values };
}

/** The stack's own kubeconfig: its path, or its content (a secret). */
export interface StackKubeconfig {
  readonly isPath: boolean;
  readonly value: string;
}

/** The kubeconfig that the stack sets for the Kubernetes plugin; undefined without one. */
export function stackKubeconfig({ kubernetes = {} }: ConfigSource): StackKubeconfig | undefined {
  const { kubeconfig } = kubernetes;
  return kubeconfig === undefined || kubeconfig === ""
    ? undefined
    : { isPath: isPath(kubeconfig), value: kubeconfig };
}

/** The problems of the Kubernetes plugin's settings in the stack's file, and of the cluster that they name. */
export function kubernetesProblems(source: ConfigSource): readonly SettingProblem[] {
  const { values, secrets, kubernetes = {} } = source;
  const unknown = Object.keys(kubernetes)
    .filter((name) => name !== "kubeconfig" && !Object.hasOwn(aliases, name))
    .map((name): SettingProblem => ({
      setting: `kubernetes:${name}`,
      problem: "is a setting of the Kubernetes plugin that the program does not pass on",
      fix: ["rm", shell`kubernetes:${name}`],
    }));
  const twice = Object.entries(aliases)
    .filter(([own, setting]) => {
      const [one, other] = [kubernetes[own], values[setting]];
      return one !== undefined && other !== undefined && one !== other;
    })
    .map(([own, setting]): SettingProblem => ({
      setting: `kubernetes:${own}`,
      problem: `is ${kubernetes[own] ?? ""}, but its other name ${setting} is ${values[setting] ?? ""}`,
      fix: ["rm", shell`kubernetes:${own}`],
    }));
  const own = stackKubeconfig(source);
  const inClear: readonly SettingProblem[] =
    own === undefined || own.isPath || secrets.has(kubeconfigSetting)
      ? []
      : [
          {
            setting: kubeconfigSetting,
            problem: "is a credential in plain text in the stack's file",
            fix: ["set", shell`--secret ${kubeconfigSetting} < kubeconfig.yaml`],
          },
        ];
  return [...unknown, ...twice, ...inClear, ...contextProblems(source, own)];
}

/** Without this check, a missing context would be reported only by the failing plugin, in less detail. */
function contextProblems(
  source: ConfigSource,
  own: StackKubeconfig | undefined,
): readonly SettingProblem[] {
  const { kubeContext } = valuesWithAliases(source);
  const setting = aliasesInUse(source).kubeContext ?? "kubeContext";
  let names: readonly string[] | undefined;
  try {
    names = source.contexts?.(own?.value);
  } catch (error) {
    return own === undefined
      ? []
      : [
          {
            setting: kubeconfigSetting,
            problem: `cannot be used: ${messageOf(error)}`,
            fix: ["rm", shell`${kubeconfigSetting}`],
          },
        ];
  }
  if (names === undefined || names.length === 0) {
    // A preview works in part without a kubeconfig.
    return own === undefined || source.contexts === undefined
      ? []
      : [
          {
            setting: kubeconfigSetting,
            problem: own.isPath
              ? `names ${own.value}, which is not a kubeconfig with a context`
              : "is not a kubeconfig with a context",
            fix: ["rm", shell`${kubeconfigSetting}`],
          },
        ];
  }
  return kubeContext === undefined || kubeContext === "" || names.includes(kubeContext)
    ? []
    : [
        {
          setting,
          problem: `is ${kubeContext}, which is not a context of the kubeconfig (${[...names].sort().join(", ")})`,
          fix: ["set", shell`${setting} ${[...names].sort()[0] ?? ""}`],
        },
      ];
}
