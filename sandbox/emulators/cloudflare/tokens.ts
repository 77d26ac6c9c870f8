import { parseObject } from "../shared/json.ts";
import { type Exchange, type Reply, type Route, route } from "../shared/router.ts";
import { fingerprint, randomHex, randomToken } from "../shared/secrets.ts";
import { findAccount } from "./accounts.ts";
import { authorize, checkLocation, presentedToken, tokenStatus } from "./callers.ts";
import { API_PREFIX, type CloudflareContext } from "./context.ts";
import { cloudflareError, page, refusal, success } from "./envelope.ts";
import {
  ACCOUNT_TOKEN_GROUPS,
  PERMISSION_GROUPS,
  type PermissionGroup,
  permissionGroup,
} from "./permissionGroups.ts";
import type { Action, Resource } from "./resources.ts";
import type { ApiToken, TokenOwner } from "./state.ts";
import { readTokenFields } from "./tokenRequests.ts";

/** All permission groups fit on one page. */
const ALL = 1000;

/** One kind of token owner. The kinds differ only in the path, the permissions and the format of the token. */
interface TokenKind {
  readonly path: string;
  readonly read: Action;
  readonly write: Action;
  readonly groups: readonly PermissionGroup[];
  /** The maximum number of an owner's tokens. */
  readonly most: number;
  owner(exchange: Exchange): TokenOwner;
  newValue(): string;
}

/** Handles a call about the tokens of an owner. */
type OwnerCall = (exchange: Exchange, owner: TokenOwner) => Reply;

/**
 * The calls about API tokens, those of the user and those of an account.
 *
 * @see https://developers.cloudflare.com/api/resources/user/subresources/tokens/
 * @see https://developers.cloudflare.com/api/resources/accounts/subresources/tokens/
 */
export function tokenRoutes(context: CloudflareContext): Route[] {
  const kinds: TokenKind[] = [
    {
      path: `${API_PREFIX}/user/tokens`,
      read: "userTokens.read",
      write: "userTokens.write",
      groups: PERMISSION_GROUPS,
      most: 50,
      owner: () => "user",
      newValue: () => randomToken(40),
    },
    {
      path: `${API_PREFIX}/accounts/{account}/tokens`,
      read: "accountTokens.read",
      write: "accountTokens.write",
      groups: ACCOUNT_TOKEN_GROUPS,
      most: 500,
      owner: (exchange) => ({ accountId: findAccount(context, exchange).id }),
      newValue: () => `cfat_${randomToken(48)}`,
    },
  ];
  return kinds.flatMap((kind) => kindRoutes(context, kind));
}

function kindRoutes(context: CloudflareContext, kind: TokenKind): Route[] {
  const { path, read, write } = kind;
  const table: [method: string, suffix: string, action: Action, use: OwnerCall][] = [
    // Before the routes with a token's id in this place.
    [
      "GET",
      "/permission_groups",
      read,
      (exchange) =>
        page(exchange, matchingGroups(kind, exchange), context.state.settings.pageSize, ALL),
    ],
    [
      "GET",
      "",
      read,
      (exchange, owner) =>
        page(
          exchange,
          tokensOf(context, owner).map((token) => tokenBody(context, token)),
          context.state.settings.pageSize,
        ),
    ],
    ["POST", "", write, (exchange, owner) => create(context, kind, owner, exchange)],
    ["GET", "/{token}", read, onToken(context, (token) => tokenBody(context, token))],
    [
      "PUT",
      "/{token}",
      write,
      onToken(context, (token, exchange) => update(context, kind, token, exchange)),
    ],
    ["DELETE", "/{token}", write, onToken(context, (token) => remove(context, token))],
    ["PUT", "/{token}/value", write, onToken(context, (token) => roll(context, kind, token))],
  ];
  return [
    route("GET", `${path}/verify`, (exchange) => verify(context, kind, exchange)),
    ...table.map(([method, suffix, action, use]) =>
      route(method, `${path}${suffix}`, (exchange) => {
        const owner = kind.owner(exchange);
        authorize(context, exchange, action, resourceOf(context, owner));
        return use(exchange, owner);
      }),
    ),
  ];
}

/** A call about the token that the path names. */
function onToken(
  context: CloudflareContext,
  use: (token: ApiToken, exchange: Exchange) => unknown,
): OwnerCall {
  return (exchange, owner) => success(use(findToken(context, owner, exchange), exchange));
}

function create(
  context: CloudflareContext,
  kind: TokenKind,
  owner: TokenOwner,
  exchange: Exchange,
): Reply {
  const fields = readTokenFields(context, parseObject(exchange.body) ?? {}, kind.groups);
  if (tokensOf(context, owner).length >= kind.most) {
    throw refusal("tooManyTokens");
  }
  const value = kind.newValue();
  const now = context.now();
  const token: ApiToken = {
    id: randomHex(32),
    owner,
    issuedOn: timestamp(now),
    modifiedOn: timestamp(now),
    usableFrom: now + context.state.settings.tokenDelayMs,
    fingerprint: fingerprint(value),
    ...fields,
  };
  context.state.tokens.push(token);
  return success({ ...tokenBody(context, token), value });
}

/** Replaces all settable fields; fields that the request omits are removed. The value is kept. */
function update(
  context: CloudflareContext,
  kind: TokenKind,
  token: ApiToken,
  exchange: Exchange,
): object {
  const fields = readTokenFields(context, parseObject(exchange.body) ?? {}, kind.groups);
  delete token.notBefore;
  delete token.expiresOn;
  delete token.requestIp;
  Object.assign(token, fields, { modifiedOn: timestamp(context.now()) });
  return tokenBody(context, token);
}

/** Gives the token a new value; the old value becomes invalid at once. */
function roll(context: CloudflareContext, kind: TokenKind, token: ApiToken): string {
  const value = kind.newValue();
  token.fingerprint = fingerprint(value);
  token.modifiedOn = timestamp(context.now());
  return value;
}

function remove(context: CloudflareContext, token: ApiToken): object {
  context.state.tokens = context.state.tokens.filter((other) => other !== token);
  return { id: token.id };
}

/** Returns the status of the request's own token; only the path of its own kind knows the token. */
function verify(context: CloudflareContext, kind: TokenKind, exchange: Exchange): Reply {
  const caller = presentedToken(context, exchange);
  if (caller === "admin") {
    return verified({ id: context.state.userId, status: "active" });
  }
  if (caller === undefined || !sameOwner(caller.owner, kind.owner(exchange))) {
    throw refusal("invalidApiToken");
  }
  checkLocation(context, caller, exchange);
  const { id, notBefore, expiresOn } = caller;
  return verified({
    id,
    status: tokenStatus(context, caller),
    ...(notBefore === undefined ? {} : { not_before: notBefore }),
    ...(expiresOn === undefined ? {} : { expires_on: expiresOn }),
  });
}

function verified(result: { id: string; status: string }): Reply {
  const message = { code: 10000, message: "This API Token is valid and active", type: null };
  return success(result, { messages: result.status === "active" ? [message] : [] });
}

function findToken(context: CloudflareContext, owner: TokenOwner, exchange: Exchange): ApiToken {
  const token = tokensOf(context, owner).find(({ id }) => id === exchange.params.token);
  if (!token) {
    // Clients check the status; the code is a guess.
    throw cloudflareError(404, { code: 1003, message: "Token not found" });
  }
  return token;
}

function tokensOf(context: CloudflareContext, owner: TokenOwner): ApiToken[] {
  return context.state.tokens.filter((token) => sameOwner(token.owner, owner));
}

function sameOwner(one: TokenOwner, other: TokenOwner): boolean {
  return one === "user" || other === "user" ? one === other : one.accountId === other.accountId;
}

function resourceOf(context: CloudflareContext, owner: TokenOwner): Resource {
  return owner === "user" ? { userId: context.state.userId } : owner;
}

function matchingGroups({ groups }: TokenKind, exchange: Exchange): readonly PermissionGroup[] {
  const name = exchange.query.get("name");
  const scope = exchange.query.get("scope");
  return groups.filter(
    (group) =>
      (name === null || group.name === name) && (scope === null || group.scopes.includes(scope)),
  );
}

function tokenBody(context: CloudflareContext, token: ApiToken): object {
  const { id, name, issuedOn, modifiedOn, lastUsedOn, notBefore, expiresOn, requestIp } = token;
  return {
    id,
    name,
    status: tokenStatus(context, token),
    issued_on: issuedOn,
    modified_on: modifiedOn,
    last_used_on: lastUsedOn ?? null,
    ...(notBefore === undefined ? {} : { not_before: notBefore }),
    ...(expiresOn === undefined ? {} : { expires_on: expiresOn }),
    policies: token.policies.map(({ id: policyId, effect, resources, permissionGroupIds }) => ({
      id: policyId,
      effect,
      resources,
      permission_groups: permissionGroupIds.map((groupId) => ({
        id: groupId,
        name: permissionGroup(groupId)?.name,
      })),
    })),
    ...(requestIp === undefined ? {} : { condition: { request_ip: requestIp } }),
  };
}

/** Times of tokens have no fractions of a second. */
function timestamp(milliseconds: number): string {
  return new Date(milliseconds).toISOString().replace(/\.\d+/, "");
}
