import { joined, shell, type ShellText } from "./shell.ts";

/** Which cluster a command is for, and which namespace of it. */
export interface CommandTarget {
  /** Default: none, for what belongs to no namespace. */
  readonly namespace?: string | undefined;
  /** The kubeconfig's context. Default: its current one. */
  readonly kubeContext?: string | undefined;
  /** Path of the kubeconfig, where the stack names one. Default: as KUBECONFIG says. */
  readonly kubeconfig?: string | undefined;
}

/**
 * A kubectl command to paste, which reaches the target's cluster whatever the current context is then.
 *
 * @param target as in {@link CommandTarget}
 * @param rest what follows context and namespace
 */
export function kubectl(target: CommandTarget, rest: ShellText): ShellText {
  return clusterCommand(shell`kubectl`, shell`--context`, target, rest);
}

/** A Helm command to paste; as {@link kubectl}. */
export function helm(target: CommandTarget, rest: ShellText): ShellText {
  return clusterCommand(shell`helm`, shell`--kube-context`, target, rest);
}

function clusterCommand(
  program: ShellText,
  contextFlag: ShellText,
  { namespace, kubeContext, kubeconfig }: CommandTarget,
  rest: ShellText,
): ShellText {
  return joined(
    [
      program,
      ...(kubeconfig === undefined ? [] : [shell`--kubeconfig ${kubeconfig}`]),
      ...(kubeContext === undefined ? [] : [contextFlag, shell`${kubeContext}`]),
      ...(namespace === undefined ? [] : [shell`-n ${namespace}`]),
      rest,
    ],
    " ",
  );
}
