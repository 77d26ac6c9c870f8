import { RunError } from "@pulumi/pulumi";
import Cloudflare from "cloudflare";
import type { CloudflareAccess } from "../access.ts";
import { answered } from "../calls.ts";
import { cloudflareAnswer } from "./answer.ts";
import { operatorClient } from "./client.ts";
import { fullTokenList, mostTokens } from "./permissions.ts";
import type { CredentialInventory } from "../orphans.ts";

/**
 * The API tokens of a name, listed and deleted with the identity of the Cloudflare plugin.
 *
 * @param name the tokens' name, which identifies the stack that created them
 * @param accountId the account that owns the tokens; none for a user's tokens
 * @param settings endpoint and identity of the plugin
 */
export function apiTokens(
  name: string,
  accountId: string | undefined,
  settings: CloudflareAccess,
): CredentialInventory {
  const account = { account_id: accountId ?? "" };
  return {
    list: () =>
      answered("The API tokens could not be listed", answerOf, async () => {
        const { user, accounts } = operatorClient(settings);
        const pages = accountId === undefined ? user.tokens.list() : accounts.tokens.list(account);
        const ids: string[] = [];
        for await (const token of pages) {
          if (token.name === name && token.id !== undefined) {
            ids.push(token.id);
          }
        }
        return ids;
      }),
    remove: (id) => removeToken(id, accountId, settings),
    removeCommand: (id) => `token ${id}, in the dashboard under API Tokens`,
  };
}

/**
 * Fails before Cloudflare would where the owner has the maximum number of API tokens. Without the permission to list
 * tokens, the attempt shows it.
 *
 * @param accountId the account that will own the token; none for a user's token
 * @param settings endpoint and identity of the plugin
 * @throws RunError when the maximum is reached, or the credentials are missing or unusable
 */
export async function refuseFullTokenList(
  accountId: string | undefined,
  settings: CloudflareAccess,
): Promise<void> {
  const { user, accounts } = operatorClient(settings, { maxRetries: 0 });
  const most = mostTokens(accountId);
  let count = 0;
  try {
    const pages =
      accountId === undefined
        ? user.tokens.list({ per_page: 50 })
        : accounts.tokens.list({ account_id: accountId, per_page: 50 });
    for await (const _ of pages) {
      count += 1;
    }
  } catch {
    return;
  }
  if (count >= most) {
    throw new RunError(fullTokenList(accountId, count));
  }
}

/**
 * Deletes an API token, unless it is deleted already.
 *
 * @param accountId the account that owns the token; none for a user's token
 * @param settings endpoint and identity of the plugin
 * @throws RunError when Cloudflare refuses
 */
export async function removeToken(
  id: string,
  accountId: string | undefined,
  settings: CloudflareAccess,
): Promise<void> {
  const { user, accounts } = operatorClient(settings);
  await answered(`The API token ${id} could not be deleted`, answerOf, async () => {
    try {
      await (accountId === undefined
        ? user.tokens.delete(id)
        : accounts.tokens.delete(id, { account_id: accountId }));
    } catch (error) {
      if (!(error instanceof Cloudflare.NotFoundError)) {
        throw error;
      }
    }
  });
}

function answerOf(error: unknown): string {
  if (error instanceof RunError) {
    return error.message;
  }
  // Any other error may contain the request.
  return error instanceof Cloudflare.APIError
    ? cloudflareAnswer(error)
    : "the request could not be sent";
}
