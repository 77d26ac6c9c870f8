import Cloudflare from "cloudflare";
import type { PluginSettings } from "../config.ts";
import type { CredentialInventory } from "./strays.ts";

/**
 * The API tokens of a name, asked for with the access that the Cloudflare plugin has.
 *
 * @param name the tokens' name, which says which stack made them
 * @param accountId the account that owns them; none for the user's own
 * @param settings how the plugin reaches Cloudflare
 */
export function apiTokens(
  name: string,
  accountId: string | undefined,
  { endpoint, apiToken }: PluginSettings["cloudflare"],
): CredentialInventory {
  const { user, accounts } = new Cloudflare({
    apiToken: apiToken ?? null,
    // The plugin prefers the token, where the client would send all that it finds.
    ...(apiToken !== undefined && { apiKey: null, apiEmail: null, userServiceKey: null }),
    ...(endpoint !== undefined && { baseURL: endpoint.replace(/\/$/, "") }),
  });
  const account = { account_id: accountId ?? "" };
  return {
    list: async () => {
      const pages = accountId === undefined ? user.tokens.list() : accounts.tokens.list(account);
      const ids: string[] = [];
      for await (const token of pages) {
        if (token.name === name && token.id !== undefined) {
          ids.push(token.id);
        }
      }
      return ids;
    },
    remove: async (id) => {
      await (accountId === undefined
        ? user.tokens.delete(id)
        : accounts.tokens.delete(id, account));
    },
    removeCommand: (id) => `token ${id}, in the dashboard under API Tokens`,
  };
}
