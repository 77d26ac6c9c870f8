import { resourceTypes } from "../../names.ts";
import { textOf, type CredentialResource } from "../credentialResource.ts";

/**
 * A token is deleted in the plugin's place. Cloudflare's plugin fails on one that is gone already, because a run was
 * killed or somebody has revoked it, and would fail again at each further run. (A token that an operator has protected
 * is refused by the preview; with --skip-preview the engine looks at that only after this.)
 */
const token: CredentialResource = {
  content: ({ value }) => textOf(value),
  remove: async ({ id, oldInputs }, access) => {
    const { removeToken } = await import("../../../dns/cloudflare/tokens.ts");
    const { accountId } = (oldInputs ?? {}) as { readonly accountId?: string };
    await removeToken(id, accountId, access.cloudflare);
  },
};

/** API tokens, a user's and an account's, by type token. */
export const cloudflareToken: Readonly<Record<string, CredentialResource>> = {
  [resourceTypes.apiToken]: token,
  [resourceTypes.accountToken]: token,
};
