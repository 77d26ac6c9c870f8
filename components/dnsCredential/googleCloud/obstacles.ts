import * as pulumi from "@pulumi/pulumi";
import type { GoogleCloudAccess } from "../../../dns/access.ts";
import { refusalInWords, refusalText } from "../../../dns/googleCloud/refusal.ts";
import { resolved } from "../../resolved.ts";
import { shell } from "../../../lib/shell.ts";
import { resourceHook } from "../../hook.ts";

/** What a service account and its key are to be made in. */
export interface ObstacleArgs {
  readonly project: pulumi.Input<string>;
  readonly grant?: "zone" | "project" | undefined;
}

/**
 * Refuses to make a service account and a key where Google would refuse one of them, as far as it tells.
 *
 * @throws RunError with what is in the way, and the ways out
 */
export async function refuseObstacles(
  { project, grant = "zone" }: ObstacleArgs,
  access: GoogleCloudAccess,
): Promise<void> {
  const id = (await resolved(pulumi.output(project))) as string | undefined;
  // A preview of another program may not know it yet.
  if (id === undefined || id === "") {
    return;
  }
  const { keyObstacles } = await import("../../../dns/googleCloud/preconditions.ts");
  const obstacles = await keyObstacles({ project: id, grant }, access);
  if (obstacles.length > 0) {
    const stack = pulumi.getStack();
    const place = { project: id, stack };
    const texts = obstacles.map((obstacle) => refusalText(obstacle, place));
    throw new pulumi.RunError(
      `${texts.join("\n")}\nNothing was made at Google; then: ${shell`pulumi up -s ${stack}`}`,
    );
  }
}

/** What there is to say of the plugin's words for a refusal of Google's: the way out, where there is one. */
export function refusalExplained(words: string, project: string): string | undefined {
  const refusal = refusalInWords(words);
  return refusal && refusalText(refusal, { project, stack: pulumi.getStack() });
}

/**
 * A hook that explains a refusal of Google's which could not be foreseen: who may make a key need not be allowed to read
 * the organization's policy.
 *
 * @param component the name of the component that makes the credential
 */
export function refusedHook(component: string, project: pulumi.Input<string>): pulumi.ErrorHook {
  return new pulumi.ErrorHook(`${component}-credential-refused`, async ({ errors }) => {
    const explanation = refusalExplained(errors[0] ?? "", await resolved(pulumi.output(project)));
    if (explanation !== undefined) {
      await pulumi.log.error(
        `${explanation}\nWhat was made before that has no key and opens nothing. To go on with it, or to delete it where ` +
          `it is not needed any more: ${shell`pulumi up -s ${pulumi.getStack()}`}`,
      );
    }
    return false;
  });
}

/**
 * A hook for before a key is made, that refuses it where the account was deleted behind Pulumi's back. It looks in a
 * preview alone, in which the account is known only where it is there already.
 *
 * @param component the name of the component that makes the credential
 * @param suffix the name of the resource with which the account gets another name
 */
export function accountThereHook(
  component: string,
  suffix: string,
  access: GoogleCloudAccess,
): pulumi.ResourceHook {
  return resourceHook(
    `${component}-credential-account`,
    async ({ newInputs }) => {
      const account: unknown = newInputs?.serviceAccountId;
      if (
        !pulumi.runtime.isDryRun() ||
        typeof account !== "string" ||
        !account.startsWith("projects/")
      ) {
        return;
      }
      const { isAccountGone } = await import("../../../dns/googleCloud/keys.ts");
      if (await isAccountGone(account, access)) {
        throw new pulumi.RunError(
          `The service account ${account.split("/").at(-1) ?? ""} no longer exists at Google. Make it, its grant and its key anew:\n` +
            `      ${shell`pulumi up -s ${pulumi.getStack()} --replace '**::${suffix}'`}`,
        );
      }
    },
    { onDryRun: true },
  );
}
