import * as pulumi from "@pulumi/pulumi";
import type { CloudflareAccess } from "../../../dns/access.ts";
import { shell } from "../../../lib/shell.ts";
import { explainCloudflare, lackingToken } from "./lookupFailure.ts";

/**
 * Refuses to make an API token where Cloudflare would refuse it, as far as it tells.
 *
 * @param accountId the account that is to own it; none for the user's own
 * @param access how the plugin reaches Cloudflare
 * @throws RunError with what is in the way, and the way out
 */
export async function refuseObstacles(
  accountId: string | undefined,
  access: CloudflareAccess,
): Promise<void> {
  const { missingRights } = await import("../../../dns/cloudflare/operatorRights.ts");
  const missing = await missingRights(accountId, access);
  if (missing !== undefined) {
    throw new pulumi.RunError(
      `Cloudflare would refuse to make an API token: ${lackingToken(missing)}\n` +
        `Nothing was made at Cloudflare; then: ${shell`pulumi up -s ${pulumi.getStack()}`}`,
    );
  }
  const { refuseFullTokenList } = await import("../../../dns/cloudflare/tokens.ts");
  await refuseFullTokenList(accountId, access);
}

/**
 * A hook that explains a refusal of Cloudflare's which could not be foreseen.
 *
 * @param component the name of the component that makes the credential
 * @param accountId the account that is to own it; none for the user's own
 */
export function refusedHook(component: string, accountId: string | undefined): pulumi.ErrorHook {
  return new pulumi.ErrorHook(`${component}-credential-refused`, async ({ errors }) => {
    const explanation = explainCloudflare({ accountId })(errors[0] ?? "");
    if (explanation !== undefined) {
      await pulumi.log.error(`Cloudflare has refused it: ${explanation}`);
    }
    return false;
  });
}
