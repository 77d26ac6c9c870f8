import * as pulumi from "@pulumi/pulumi";
import { messageOf, UserError } from "../lib/errors.ts";
import { shell } from "../lib/shell.ts";

/** The first version of the CLI in which a hook that fails fails its step: what protects a credential in use is such a hook. */
export const minimumPulumi = "3.238.0";

/**
 * Refuses a Pulumi CLI that is too old, before anything is made. Newer ones read `requiredPulumiVersion` in Pulumi.yaml by
 * themselves; those before that ignore it, and some before {@link minimumPulumi} would go on without the hooks.
 *
 * @param ask puts the question to the engine; it rejects where the version is another, or the engine does not know the question
 * @throws UserError that says how to get another
 */
export async function refuseOldPulumi(
  ask: (range: string) => Promise<void> = pulumi.requirePulumiVersion,
): Promise<void> {
  try {
    await ask(`>=${minimumPulumi}`);
  } catch (error) {
    // Of an error of gRPC the engine's own words.
    const { details = messageOf(error) } = error as { readonly details?: string };
    throw new UserError(
      `The Pulumi CLI is too old for this program, which needs ${minimumPulumi} or later (${details}). ` +
        shell`Get a newer one: curl -fsSL https://get.pulumi.com | sh`,
    );
  }
}
