import { type Exchange, type Reply, type Route, route } from "../shared/router.ts";
import { authenticate, authorize, may } from "./callers.ts";
import { API_PREFIX, type CloudflareContext } from "./context.ts";
import { page, refusal, success, unroutable } from "./envelope.ts";
import type { Account } from "./state.ts";

/**
 * The calls about accounts.
 *
 * @see https://developers.cloudflare.com/api/resources/accounts/
 */
export function accountRoutes(context: CloudflareContext): Route[] {
  return [
    route("GET", `${API_PREFIX}/accounts`, (exchange) => list(context, exchange)),
    route("GET", `${API_PREFIX}/accounts/{account}`, (exchange) => {
      const account = findAccount(context, exchange);
      authorize(context, exchange, "account.read", { accountId: account.id });
      return success(accountBody(account));
    }),
  ];
}

/** The account that the path names. */
export function findAccount(context: CloudflareContext, exchange: Exchange): Account {
  const account = context.state.accounts.find(({ id }) => id === exchange.params.account);
  if (!account) {
    authenticate(context, exchange);
    throw unroutable(exchange.path.slice(API_PREFIX.length));
  }
  return account;
}

function list(context: CloudflareContext, exchange: Exchange): Reply {
  const caller = authenticate(context, exchange);
  if (caller !== "admin" && caller.owner !== "user") {
    throw refusal("accountTokenCannotList");
  }
  const name = exchange.query.get("name");
  const accounts = context.state.accounts
    .filter((account) => may(caller, "account.read", { accountId: account.id }))
    .filter((account) => name === null || account.name === name);
  return page(exchange, accounts.map(accountBody), context.state.settings.pageSize);
}

function accountBody({ id, name, createdOn }: Account): object {
  return {
    id,
    name,
    type: "standard",
    settings: { enforce_twofactor: false, abuse_contact_email: null },
    created_on: createdOn,
  };
}
