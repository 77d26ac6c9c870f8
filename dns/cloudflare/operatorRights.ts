import type { CloudflareAccess } from "../access.ts";
import { operatorClient } from "./client.ts";
import { rightsFor } from "./permissions.ts";

/**
 * Finds the permission for creating API tokens that the token of the identity that runs Pulumi lacks. Works only where the
 * token has the permission to read tokens, which does not include the one to create them.
 *
 * @param accountId the account that will own the credential; none for a user's token
 * @param access endpoint and identity of the plugin
 * @returns undefined where no permission is missing, or the token cannot be read
 * @throws RunError when the credentials are missing or unusable
 */
export async function missingRights(
  accountId: string | undefined,
  access: CloudflareAccess,
): Promise<string | undefined> {
  if (access.apiToken === undefined) {
    // A global API key has all permissions of its user.
    return undefined;
  }
  const groups = await ownGroups(accountId, access);
  const { group, shown } = rightsFor(accountId);
  return groups === undefined || groups.some((name) => group.test(name)) ? undefined : shown;
}

/** Names of the permission groups of the operator's token; undefined where the token may not read them. */
async function ownGroups(
  accountId: string | undefined,
  access: CloudflareAccess,
): Promise<readonly string[] | undefined> {
  const { user, accounts } = operatorClient(access, { maxRetries: 0 });
  const owners = [
    {
      verify: () => user.tokens.verify(),
      get: (id: string) => user.tokens.get(id),
    },
    // The account itself may own the token.
    ...(accountId === undefined
      ? []
      : [
          {
            verify: () => accounts.tokens.verify({ account_id: accountId }),
            get: (id: string) => accounts.tokens.get(id, { account_id: accountId }),
          },
        ]),
  ];
  for (const { verify, get } of owners) {
    try {
      const { policies = [] } = await get((await verify()).id);
      return policies
        .filter(({ effect }) => effect === "allow")
        .flatMap(({ permission_groups: groups }) => groups.flatMap(({ name }) => name ?? []));
    } catch {
      // Try the next owner. Without a result, the attempt shows what is missing.
    }
  }
  return undefined;
}
