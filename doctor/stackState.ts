import { UserError } from "../lib/errors.ts";
import {
  emptyCheckpoint,
  stackResources,
  type PulumiFailure,
  type StackResource,
} from "../lib/pulumi.ts";
import { shell } from "../lib/shell.ts";

/** A resource of a stack, as far as the doctor looks at it. */
export type StateResource = Pick<StackResource, "type" | "inputs" | "outputs">;

/**
 * The resources of a stack, from its state. The doctor needs no secret of the stack's, and so neither its passphrase.
 *
 * @throws UserError when there is no such stack, or Pulumi does not run
 */
export async function readStackState(stack: string): Promise<readonly StateResource[]> {
  const resources = await stackResources(stack, { explain: (failure) => explain(stack, failure) });
  if (resources === undefined) {
    throw new UserError(`There is no stack ${stack}. Those that are there: pulumi stack ls`);
  }
  return resources;
}

function explain(stack: string, failure: PulumiFailure): string {
  if (failure === "not on PATH") {
    return "pulumi is not on PATH; install it: https://www.pulumi.com/docs/install";
  }
  const empty = emptyCheckpoint(failure.all, stack);
  if (empty !== undefined) {
    return empty;
  }
  const [line = failure.stderr] = /(?<=error: ).*/.exec(failure.stderr) ?? [];
  return `The state of stack ${stack} cannot be read: ${line.trim()}. Try: ${shell`pulumi stack export -s ${stack}`}`;
}
