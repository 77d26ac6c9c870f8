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
