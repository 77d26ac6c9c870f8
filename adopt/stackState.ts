import { UserError } from "../lib/errors.ts";
import { urnOf, type ImportedResource, type StackIdentity } from "./plan.ts";
import type { StackState } from "./pulumi.ts";
import { shell } from "../lib/shell.ts";

/**
 * The resources that are not imported yet: an interrupted adoption has imported some.
 *
 * @param resources all resources; the Helm release is the last
 * @throws UserError where the stack has another release, or all of the resources
 */
export function stillToImport(
  identity: StackIdentity,
  resources: readonly ImportedResource[],
  state: StackState,
): readonly ImportedResource[] {
  const { stack } = identity;
  const release = resources.at(-1);
  const present = release && state?.get(urnOf(identity, release));
  if (present !== undefined && present !== release?.id) {
    throw new UserError(
      `The stack ${stack} already has another release, ${present}. Name another stack with -s. All stacks: pulumi stack ls`,
    );
  }
  const missing = resources.filter((resource) => state?.has(urnOf(identity, resource)) !== true);
  if (missing.length === 0) {
    throw new UserError(
      `The stack ${stack} already has this provider. Changes of the next up: ${shell`pulumi preview -s ${stack} --diff`}`,
    );
  }
  return missing;
}
