import { getStack } from "@pulumi/pulumi";
import { ClusterUnreachable } from "../lib/clusterFailure.ts";
import { messageOf } from "../lib/errors.ts";
import { shell } from "../lib/shell.ts";

/**
 * The environment variable with which an operator declares an unreachable cluster gone. With it, the Kubernetes plugin
 * removes the cluster's resources from the state (https://www.pulumi.com/registry/packages/kubernetes/api-docs/provider).
 */
export const goneVariable = "PULUMI_K8S_DELETE_UNREACHABLE";

/** Whether an error is about an unreachable cluster that the operator declares gone. */
export function isGone(error: unknown): boolean {
  return error instanceof ClusterUnreachable && process.env[goneVariable] === "true";
}

/**
 * An error's message; for an unreachable cluster, with the commands that destroy a stack whose cluster is gone. An
 * unreachable cluster may still be running, so nothing is deleted without the operator's confirmation.
 */
export function withRemovalCommands(error: unknown): string {
  return error instanceof ClusterUnreachable
    ? `${messageOf(error)}\n${removalText(getStack())}`
    : messageOf(error);
}

/** The commands that destroy a stack whose cluster is gone. */
export function removalCommands(stack: string): readonly string[] {
  return [
    shell`${goneVariable}=true pulumi refresh -s ${stack} --run-program`,
    shell`${goneVariable}=true pulumi destroy -s ${stack} --run-program`,
  ];
}

function removalText(stack: string): string {
  return [
    "No credential of the cluster was deleted, since it may be in use. Only if the cluster is gone permanently, destroy the stack with",
    ...removalCommands(stack).map((command) => `  ${command}`),
  ].join("\n");
}
