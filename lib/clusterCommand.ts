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
 * @param rest what follows context and namespace, as shell words
 */
export function kubectl(target: CommandTarget, rest: string): string {
  return clusterCommand("kubectl", "--context", target, rest);
}

/** A Helm command to paste; as {@link kubectl}. */
export function helm(target: CommandTarget, rest: string): string {
  return clusterCommand("helm", "--kube-context", target, rest);
}

function clusterCommand(
  program: string,
  contextFlag: string,
  { namespace, kubeContext, kubeconfig }: CommandTarget,
  rest: string,
): string {
  return [
    program,
    ...(kubeconfig === undefined ? [] : ["--kubeconfig", shellWord(kubeconfig)]),
    ...(kubeContext === undefined ? [] : [contextFlag, shellWord(kubeContext)]),
    ...(namespace === undefined ? [] : ["-n", shellWord(namespace)]),
    rest,
  ].join(" ");
}

/** A text as one word of a POSIX shell, in quotes where it needs them. */
export function shellWord(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}
