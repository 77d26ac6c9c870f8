import { bearerToken, fingerprint, randomToken } from "../shared/secrets.ts";
import { ApiError, type Exchange, type Reply, type Route, route } from "../shared/router.ts";
import { checkSigned } from "./assertions.ts";
import { authenticate, callerByToken, type Caller } from "./callers.ts";
import type { GoogleContext } from "./context.ts";
import { readJwt } from "./jwt.ts";
import type { AccessToken, ServiceAccount } from "./state.ts";

const JWT_BEARER = "urn:ietf:params:oauth:grant-type:jwt-bearer";

/** @see https://cloud.google.com/iam/docs/reference/sts/rest/v1/TopLevel/token */
const TOKEN_EXCHANGE = "urn:ietf:params:oauth:grant-type:token-exchange";

/** Google's tokens are valid for an hour; the response reports one second less. */
const TOKEN_LIFE_S = 3599;

/** The audience of client libraries that do not read `token_uri`, regardless of the endpoint of their request. */
const GOOGLE_TOKEN_URI = "https://oauth2.googleapis.com/token";

/**
 * The token endpoint for service accounts, users and identities of other providers, and the two calls that return
 * the owner of a token: the gcp plugin calls `userinfo` when it is configured.
 *
 * @see https://developers.google.com/identity/protocols/oauth2/service-account#authorizingrequests
 */
export function oauthRoutes(context: GoogleContext): Route[] {
  const identity = (exchange: Exchange) => ({ status: 200, body: userInfo(exchange) });
  return [
    ...["/token", "/v1/token"].map((path) =>
      route("POST", path, (exchange) => issueToken(context, exchange)),
    ),
    ...["/v1/userinfo", "/oauth2/v1/userinfo", "/oauth2/v2/userinfo", "/oauth2/v3/userinfo"].map(
      (path) => route("GET", path, identity),
    ),
    ...["/tokeninfo", "/oauth2/v3/tokeninfo"].map((path) =>
      route("GET", path, (exchange) => tokenInfo(context, exchange)),
    ),
  ];
}

async function issueToken(context: GoogleContext, exchange: Exchange): Promise<Reply> {
  const form = new URLSearchParams(exchange.body);
  const grantType = form.get("grant_type") ?? "";
  if (grantType === "refresh_token") {
    return operatorToken(context, form.get("refresh_token"));
  }
  if (grantType === TOKEN_EXCHANGE) {
    return federatedToken(context, exchange, form);
  }
  if (grantType !== JWT_BEARER) {
    throw oauthError("unsupported_grant_type", `Invalid grant_type: ${grantType}`);
  }
  const jwt = readJwt(form.get("assertion") ?? "");
  if (!jwt) {
    throw oauthError("invalid_grant", "Bad Request");
  }
  const { iss, aud, scope } = jwt.claims;
  exchange.who = typeof iss === "string" ? iss : exchange.who;
  if (aud !== context.tokenUri() && aud !== GOOGLE_TOKEN_URI) {
    throw oauthError("invalid_grant", "Invalid JWT: Failed audience check.");
  }
  const verdict = await checkSigned(context, jwt);
  if ("refusal" in verdict) {
    throw oauthError("invalid_grant", verdict.refusal);
  }
  const scopes = typeof scope === "string" ? scope.split(" ").filter(Boolean) : [];
  if (scopes.length === 0) {
    throw oauthError("invalid_scope", "Invalid OAuth scope or ID token audience provided.");
  }
  const { token } = issueAccessToken(context, verdict.account, scopes);
  return tokenReply(token);
}

/** An issued access token. */
interface IssuedToken {
  readonly token: string;
  readonly expiresAt: number;
}

/** Issues an access token for an account. */
export function issueAccessToken(
  context: GoogleContext,
  { uniqueId: accountId }: ServiceAccount,
  scopes: readonly string[],
): IssuedToken {
  return issue(context, { accountId }, scopes);
}

function issue(
  context: GoogleContext,
  whose: Pick<AccessToken, "accountId" | "principal">,
  scopes: readonly string[],
): IssuedToken {
  const token = `ya29.c.${randomToken(180)}`;
  const expiresAt = context.now() + TOKEN_LIFE_S * 1000;
  context.state.accessTokens = [
    ...context.state.accessTokens.filter((known) => known.expiresAt > context.now()),
    { fingerprint: fingerprint(token), ...whose, scopes, expiresAt },
  ];
  return { token, expiresAt };
}

/**
 * The operator's refresh token is the operator's access token, the only credential by which the emulator identifies
 * the operator.
 */
function operatorToken(context: GoogleContext, presented: string | null): Reply {
  if (presented === null || fingerprint(presented) !== context.adminFingerprint) {
    throw oauthError("invalid_grant", "Token has been expired or revoked.");
  }
  return tokenReply(presented);
}

/**
 * Exchanges the token of another identity provider, which a workload identity pool accepts, for a Google token.
 *
 * @see https://cloud.google.com/iam/docs/reference/sts/rest/v1/TopLevel/token
 */
function federatedToken(context: GoogleContext, exchange: Exchange, form: URLSearchParams): Reply {
  const { workloadIdentities = [] } = context.state;
  const presented = fingerprint(form.get("subject_token") ?? "");
  const known = workloadIdentities.filter(({ fingerprint }) => fingerprint === presented);
  if (known.length === 0) {
    throw oauthError("invalid_grant", "The ID Token was not issued by a provider of the pool.");
  }
  const identity = known.find(({ audience }) => audience === form.get("audience"));
  if (identity === undefined) {
    throw oauthError(
      "invalid_grant",
      "The audience in ID Token does not match the expected audience.",
    );
  }
  exchange.who = identity.principal;
  const scopes = (form.get("scope") ?? "").split(" ").filter(Boolean);
  if (scopes.length === 0) {
    throw oauthError("invalid_scope", "Invalid OAuth scope or ID token audience provided.");
  }
  const { token } = issue(context, { principal: identity.principal }, scopes);
  const { status, body } = tokenReply(token);
  const issued_token_type = "urn:ietf:params:oauth:token-type:access_token";
  return { status, body: { ...(body as object), issued_token_type } };
}

function tokenReply(token: string): Reply {
  return {
    status: 200,
    body: { access_token: token, expires_in: TOKEN_LIFE_S, token_type: "Bearer" },
  };
}

function userInfo(exchange: Exchange): object {
  const caller = authenticate(exchange);
  return { sub: caller.uniqueId, email: caller.email, email_verified: true };
}

async function tokenInfo(context: GoogleContext, exchange: Exchange): Promise<Reply> {
  const token = exchange.query.get("access_token") ?? bearerToken(exchange.headers) ?? "";
  const caller = await callerByToken(context, token);
  if (!caller) {
    throw oauthError("invalid_token", "Invalid Value");
  }
  exchange.who = caller.email;
  return { status: 200, body: tokenBody(caller) };
}

function tokenBody({ uniqueId, email, scopes, expiresInS }: Caller): object {
  return {
    azp: uniqueId,
    aud: uniqueId,
    email,
    email_verified: "true",
    scope: scopes.join(" "),
    expires_in: String(expiresInS),
    access_type: "online",
  };
}

/** An error of the token endpoint. @see https://www.rfc-editor.org/rfc/rfc6749#section-5.2 */
function oauthError(error: string, description: string): ApiError {
  return new ApiError(400, { error, error_description: description }, description);
}
