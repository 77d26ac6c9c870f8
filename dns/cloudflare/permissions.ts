/** The permission for creating and deleting API tokens: its permission group, and its name in the dashboard. */
const tokenRights = {
  user: { group: /^API Tokens (Write|Edit)$/, shown: "User → API Tokens → Edit" },
  account: {
    group: /^Account API Tokens (Write|Edit)$/,
    shown: "Account → Account API Tokens → Edit",
  },
} as const;

/**
 * The permissions that the token of the identity that runs Pulumi needs for creating a credential, as in the dashboard.
 *
 * @param accountId the account that will own the credential; none for a user's token
 * @see https://developers.cloudflare.com/fundamentals/api/reference/permissions/
 */
export function operatorNeeds(accountId: string | undefined): string {
  return `${rightsFor(accountId).shown} and Zone → Zone → Read`;
}

/** The permission for creating a token that the account or, without one, the user will own. */
export function rightsFor(accountId: string | undefined) {
  return accountId === undefined ? tokenRights.user : tokenRights.account;
}

/**
 * The maximum number of API tokens of a user or an account
 * (https://developers.cloudflare.com/fundamentals/api/get-started/create-token/).
 *
 * @param accountId the account; none for the user
 */
export function mostTokens(accountId: string | undefined): number {
  return accountId === undefined ? 50 : 500;
}

/**
 * The message that the maximum number of API tokens is reached, and where to delete one.
 *
 * @param accountId the account that will own the token; none for a user's token
 * @param count how many there are. Default: the maximum
 */
export function fullTokenList(
  accountId: string | undefined,
  count = mostTokens(accountId),
): string {
  const [owner, place] =
    accountId === undefined ? ["You have", "profile"] : [`The account ${accountId} has`, accountId];
  return (
    `${owner} ${count} API tokens at Cloudflare, which allows no more than ${mostTokens(accountId)}. Nothing was changed there. ` +
    `Delete a token that is not needed, and retry:\n      https://dash.cloudflare.com/${place}/api-tokens`
  );
}
