import * as pulumi from "@pulumi/pulumi";
import { messageOf, UserError } from "../lib/errors.ts";
import { shell } from "../lib/shell.ts";

/** The first version of the CLI in which a failing hook fails its step: such a hook protects a credential in use. */
export const minimumPulumi = "3.238.0";

/**
 * Refuses a Pulumi CLI that is too old, before anything is created. Newer versions check `requiredPulumiVersion` in
 * Pulumi.yaml themselves; older versions ignore it, and some before {@link minimumPulumi} would continue without the hooks.
 *
 * @param ask requests the check from the engine; it rejects for another version, or an engine without this request
 * @throws UserError with the command that installs another version
 */
export async function refuseOldPulumi(
  ask: (range: string) => Promise<void> = pulumi.requirePulumiVersion,
): Promise<void> {
  try {
    await ask(`>=${minimumPulumi}`);
  } catch (error) {
    // For a gRPC error, the engine's own message.
    const { details = messageOf(error) } = error as { readonly details?: string };
    throw new UserError(
      `The Pulumi CLI is too old for this program, which needs ${minimumPulumi} or later (${details}). ` +
        shell`Get a newer one: curl -fsSL https://get.pulumi.com | sh`,
    );
  }
}
