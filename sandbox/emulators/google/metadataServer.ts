import { ApiError, type Exchange, type Reply, type Route, route } from "../shared/router.ts";
import type { GoogleContext } from "./context.ts";
import { issueAccessToken } from "./oauth.ts";
import type { ServiceAccount } from "./state.ts";

/** Marks requests to the metadata server, and its responses. */
const FLAVOR = "metadata-flavor";

/** The default scope of a token of the metadata server. */
const DEFAULT_SCOPE = "https://www.googleapis.com/auth/cloud-platform";

const INSTANCE = "/computeMetadata/v1/instance";

/**
 * The metadata server of a Google machine, limited to the requests by which client libraries obtain a token. It
 * exists if the setting `metadataAccount` names the account of its tokens.
 *
 * @see https://cloud.google.com/compute/docs/metadata/predefined-metadata-keys
 * @see https://cloud.google.com/compute/docs/access/authenticate-workloads
 */
export function metadataServerRoutes(context: GoogleContext): Route[] {
  const answer = (path: string, body: (account: ServiceAccount, exchange: Exchange) => unknown) =>
    route("GET", path, (exchange): Reply => {
      const account = machineAccount(context, exchange);
      const reply = { status: 200, body: body(account, exchange) };
      return { ...reply, headers: { [FLAVOR]: "Google" } };
    });
  return [
    answer(INSTANCE, () => ({})),
    answer(`${INSTANCE}/service-accounts/default/token`, (account, { query }) => {
      const scopes = (query.get("scopes") ?? DEFAULT_SCOPE).split(",").filter(Boolean);
      const { token, expiresAt } = issueAccessToken(context, account, scopes);
      const expires_in = Math.floor((expiresAt - context.now()) / 1000);
      return { access_token: token, expires_in, token_type: "Bearer" };
    }),
  ];
}

/** The account of the requesting machine. */
function machineAccount(context: GoogleContext, exchange: Exchange): ServiceAccount {
  const { metadataAccount } = context.state.settings;
  const account = context.state.accounts.find(
    ({ email, deletedAt }) => email === metadataAccount && deletedAt === undefined,
  );
  if (account === undefined) {
    throw new ApiError(404, { error: "Not Found" }, "There is no metadata server here.");
  }
  // Refuses requests that a website makes a browser send.
  if (exchange.headers[FLAVOR] !== "Google" || exchange.headers["x-forwarded-for"] !== undefined) {
    throw new ApiError(403, { error: "Forbidden" }, `The header ${FLAVOR} is missing.`);
  }
  exchange.who = account.email;
  return account;
}
