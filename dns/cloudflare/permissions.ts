/** What making and deleting API tokens takes, as a permission group and as the dashboard shows it. */
const tokenRights = {
  user: { group: /^API Tokens (Write|Edit)$/, shown: "User → API Tokens → Edit" },
  account: {
    group: /^Account API Tokens (Write|Edit)$/,
    shown: "Account → Account API Tokens → Edit",
  },
} as const;

/**
 * What the token of whoever runs Pulumi needs to have a credential made, as the dashboard shows it.
 *
 * @param accountId the account that is to own the credential; none for the user's own
 * @see https://developers.cloudflare.com/fundamentals/api/reference/permissions/
 */
export function operatorNeeds(accountId: string | undefined): string {
  return `${rightsFor(accountId).shown} and Zone → Zone → Read`;
}

/** What an owner of tokens takes of whoever makes one. */
export function rightsFor(accountId: string | undefined) {
  return accountId === undefined ? tokenRights.user : tokenRights.account;
}

/**
 * How many API tokens Cloudflare lets a user have, and an account
 * (https://developers.cloudflare.com/fundamentals/api/get-started/create-token/).
 *
 * @param accountId the account; none for the user
 */
export function mostTokens(accountId: string | undefined): number {
  return accountId === undefined ? 50 : 500;
}

/**
 * That no further API token can be made, and where one that is not needed is deleted.
 *
 * @param accountId the account that is to own it; none for the user's own
 * @param count how many there are. Default: as many as Cloudflare allows
 */
export function fullTokenList(
  accountId: string | undefined,
  count = mostTokens(accountId),
): string {
  const [owner, place] =
    accountId === undefined ? ["You have", "profile"] : [`The account ${accountId} has`, accountId];
  return (
    `${owner} ${count} API tokens at Cloudflare, which allows no more than ${mostTokens(accountId)}, so none can be made. Nothing was changed there. ` +
    `Delete one that is not needed, and try again:\n      https://dash.cloudflare.com/${place}/api-tokens`
  );
}
