import type { CloudflareAccess } from "../access.ts";
import { operatorClient } from "./client.ts";
import { rightsFor } from "./permissions.ts";

/**
 * What the token of whoever runs Pulumi lacks to have a credential made, as far as the token may look at itself: one that
 * may read tokens need not be allowed to make any.
 *
 * @param accountId the account that is to own the credential; none for the user's own
 * @param access how the plugin reaches Cloudflare
 * @returns undefined where it lacks nothing, or that cannot be told
 * @throws RunError when the access cannot be used
 */
export async function missingRights(
  accountId: string | undefined,
  access: CloudflareAccess,
): Promise<string | undefined> {
  if (access.apiToken === undefined) {
    // A global API key may do whatever its user may.
    return undefined;
  }
  const groups = await ownGroups(accountId, access);
  const { group, shown } = rightsFor(accountId);
  return groups === undefined || groups.some((name) => group.test(name)) ? undefined : shown;
}

/** Names of the permission groups of the operator's token; undefined where it may not look at them. */
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
    // A token may belong to the account itself.
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
      // Left to the next owner, and at last to the attempt.
    }
  }
  return undefined;
}
