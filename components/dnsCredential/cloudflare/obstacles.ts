import * as pulumi from "@pulumi/pulumi";
import type { CloudflareAccess } from "../../../dns/access.ts";
import { shell } from "../../../lib/shell.ts";
import { explainCloudflare, lackingToken } from "./lookupFailure.ts";

/**
 * Fails before Cloudflare would refuse to create an API token, as far as the token of the identity that runs Pulumi may
 * check it.
 *
 * @param accountId the account that will own the token; none for a user's token
 * @param access endpoint and identity of the plugin
 * @throws RunError with the obstacle and its remedy
 */
export async function refuseObstacles(
  accountId: string | undefined,
  access: CloudflareAccess,
): Promise<void> {
  const { missingRights } = await import("../../../dns/cloudflare/operatorRights.ts");
  const missing = await missingRights(accountId, access);
  if (missing !== undefined) {
    throw new pulumi.RunError(
      `Cloudflare would refuse to create an API token: ${lackingToken(missing)}\n` +
        `Nothing was created at Cloudflare. After the fix, run: ${shell`pulumi up -s ${pulumi.getStack()}`}`,
    );
  }
  const { refuseFullTokenList } = await import("../../../dns/cloudflare/tokens.ts");
  await refuseFullTokenList(accountId, access);
}

/**
 * A hook that explains an unforeseen refusal of Cloudflare.
 *
 * @param component the name of the component that creates the credential
 * @param accountId the account that will own the token; none for a user's token
 */
export function refusedHook(component: string, accountId: string | undefined): pulumi.ErrorHook {
  return new pulumi.ErrorHook(`${component}-credential-refused`, async ({ errors }) => {
    const explanation = explainCloudflare({ accountId })(errors[0] ?? "");
    if (explanation !== undefined) {
      await pulumi.log.error(`Cloudflare refused the API token: ${explanation}`);
    }
    return false;
  });
}
