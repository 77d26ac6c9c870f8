import { UserError } from "../lib/errors.ts";
import { urnOf, type ImportedResource, type StackIdentity } from "./plan.ts";
import type { StackState } from "./pulumi.ts";
import { shell } from "../lib/shell.ts";

/**
 * Which resources are still to be imported: an adoption that broke off has imported some.
 *
 * @param resources all that there are; the Helm release is the last
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
      `The stack ${stack} has another release already, ${present}. Name another stack with -s. All of them: pulumi stack ls`,
    );
  }
  const missing = resources.filter((resource) => state?.has(urnOf(identity, resource)) !== true);
  if (missing.length === 0) {
    throw new UserError(
      `The stack ${stack} has this provider already. What the next up changes: ${shell`pulumi preview -s ${stack} --diff`}`,
    );
  }
  return missing;
}
