import { joined, shell, type ShellText } from "./shell.ts";

/** The cluster and namespace of a command. */
export interface CommandTarget {
  /** Default: none, for objects without a namespace. */
  readonly namespace?: string | undefined;
  /** The kubeconfig's context. Default: the current context. */
  readonly kubeContext?: string | undefined;
  /** Path of the kubeconfig, where the stack names one. Default: from KUBECONFIG. */
  readonly kubeconfig?: string | undefined;
}

/**
 * A kubectl command to paste, which uses the target's cluster independently of the current context.
 *
 * @param target see {@link CommandTarget}
 * @param rest the arguments after context and namespace
 */
export function kubectl(target: CommandTarget, rest: ShellText): ShellText {
  return clusterCommand(shell`kubectl`, shell`--context`, target, rest);
}

/** A Helm command to paste; see {@link kubectl}. */
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
