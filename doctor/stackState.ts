import { UserError } from "../lib/errors.ts";
import {
  backendFailure,
  errorReason,
  stackResources,
  type PulumiFailure,
  type StackResource,
} from "../lib/pulumi.ts";
import { shell } from "../lib/shell.ts";

/** A resource of a stack, with the fields that the doctor reads. */
export type StateResource = Pick<StackResource, "type" | "inputs" | "outputs">;

/**
 * The resources of a stack, from its state. The doctor needs no secret of the stack, and therefore no passphrase.
 *
 * @throws UserError when the stack does not exist, or Pulumi does not run
 */
export async function readStackState(stack: string): Promise<readonly StateResource[]> {
  const resources = await stackResources(stack, { explain: (failure) => explain(stack, failure) });
  if (resources === undefined) {
    throw new UserError(`Stack ${stack} does not exist. List the stacks: pulumi stack ls`);
  }
  return resources;
}

function explain(stack: string, failure: PulumiFailure): string {
  if (failure === "not on PATH") {
    return "pulumi is not on PATH; install it: https://www.pulumi.com/docs/install";
  }
  const known = backendFailure(failure.all, stack);
  if (known !== undefined) {
    return known;
  }
  return `The state of stack ${stack} cannot be read: ${errorReason(failure.stderr)}. Pulumi's whole message: ${shell`pulumi stack export -s ${stack}`}`;
}
