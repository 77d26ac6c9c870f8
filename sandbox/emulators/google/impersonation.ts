import { parseObject, textsOf } from "../shared/json.ts";
import { type Route, route } from "../shared/router.ts";
import { authorizedAccount, delegatedAccount } from "./accounts.ts";
import type { GoogleContext } from "./context.ts";
import { googleError } from "./errors.ts";
import { issueAccessToken } from "./oauth.ts";

/**
 * The call of the IAM Service Account Credentials API by which a caller acts as a service account.
 *
 * @see https://cloud.google.com/iam/docs/reference/credentials/rest/v1/projects.serviceAccounts/generateAccessToken
 */
export function impersonationRoutes(context: GoogleContext): Route[] {
  const path = "/v1/projects/{project}/serviceAccounts/{account}:generateAccessToken";
  return [
    route("POST", path, (exchange) => {
      const { delegates, scope } = parseObject(exchange.body) ?? {};
      const permission = "iam.serviceAccounts.getAccessToken";
      const chain = textsOf(delegates);
      const account =
        chain.length === 0
          ? authorizedAccount(context, exchange, permission)
          : delegatedAccount(context, exchange, permission, chain);
      const scopes = textsOf(scope);
      if (scopes.length === 0) {
        throw googleError(400, "scope is required.");
      }
      const { token, expiresAt } = issueAccessToken(context, account, scopes);
      const expireTime = new Date(expiresAt).toISOString();
      return { status: 200, body: { accessToken: token, expireTime } };
    }),
  ];
}
