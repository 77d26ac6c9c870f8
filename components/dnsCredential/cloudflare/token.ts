import { resourceTypes } from "../../names.ts";
import { textOf, type CredentialResource } from "../credentialResource.ts";

/**
 * The delete hook deletes a token instead of the plugin. Cloudflare's plugin fails on a token that no longer exists, because
 * a run was killed or the token was revoked, and would fail again in each further run. (The preview refuses to delete a
 * protected token; with --skip-preview the engine checks the protection only after this hook.)
 */
const token: CredentialResource = {
  content: ({ value }) => textOf(value),
  remove: async ({ id, oldInputs }, access) => {
    const { removeToken } = await import("../../../dns/cloudflare/tokens.ts");
    const { accountId } = (oldInputs ?? {}) as { readonly accountId?: string };
    await removeToken(id, accountId, access.cloudflare);
  },
};

/** API tokens of users and accounts, by type token. */
export const cloudflareToken: Readonly<Record<string, CredentialResource>> = {
  [resourceTypes.apiToken]: token,
  [resourceTypes.accountToken]: token,
};
