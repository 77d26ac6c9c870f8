import * as pulumi from "@pulumi/pulumi";
import { resourceTypes } from "../../names.ts";
import { resolved } from "../../resolved.ts";
import type { CredentialResource } from "../credentialResource.ts";

/**
 * A token is deleted in the plugin's place. Cloudflare's plugin fails on one that is gone already, because a run was
 * killed or somebody has revoked it, and would fail again at each further run. (A token that an operator has protected
 * is refused by the preview; with --skip-preview the engine looks at that only after this.)
 */
const token: CredentialResource = {
  content: async ({ value }) =>
    value === undefined ? undefined : resolved(pulumi.output(value as pulumi.Input<string>)),
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
