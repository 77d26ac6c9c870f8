import { getStack } from "@pulumi/pulumi";
import { ClusterUnreachable } from "../lib/clusterFailure.ts";
import { messageOf } from "../lib/errors.ts";
import { shell } from "../lib/shell.ts";

/**
 * The environment variable with which an operator says that a cluster that does not answer is gone. The Kubernetes plugin
 * has it, and then takes what was there out of the state
 * (https://www.pulumi.com/registry/packages/kubernetes/api-docs/provider).
 */
export const goneVariable = "PULUMI_K8S_DELETE_UNREACHABLE";

/** Whether a failure is that of a cluster of which the operator says that it is gone. */
export function isGone(error: unknown): boolean {
  return error instanceof ClusterUnreachable && process.env[goneVariable] === "true";
}

/**
 * A failure's message; for a cluster that does not answer with the commands that end a stack whose cluster is gone. Who
 * cannot reach a cluster cannot tell whether it is alive, so that nothing is deleted without the operator's word.
 */
export function withWayOut(error: unknown): string {
  return error instanceof ClusterUnreachable
    ? `${messageOf(error)}\n${wayOut(getStack())}`
    : messageOf(error);
}

/** The commands that end a stack whose cluster is gone. */
export function goneCommands(stack: string): readonly string[] {
  return [
    shell`${goneVariable}=true pulumi refresh -s ${stack} --run-program`,
    shell`${goneVariable}=true pulumi destroy -s ${stack} --run-program`,
  ];
}

function wayOut(stack: string): string {
  return [
    "Nothing that may run there loses its credential. If the cluster is gone for good, and only then, end the stack with",
    ...goneCommands(stack).map((command) => `  ${command}`),
  ].join("\n");
}
