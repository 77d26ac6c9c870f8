import type { Exchange } from "../shared/router.ts";
import { bearerToken, fingerprint } from "../shared/secrets.ts";
import { admits } from "./addresses.ts";
import { type CloudflareContext, OPERATOR_EMAIL } from "./context.ts";
import { malformedToken, refusal, wrongLocation } from "./envelope.ts";
import { acceptedGroups, type Action, allows, type Resource } from "./resources.ts";
import type { ApiToken } from "./state.ts";

/** The caller: the operator, who has all permissions, or a token. */
export type Caller = "admin" | ApiToken;

/** The format that Cloudflare's plugin requires of a token. */
const TOKEN = /^[0-9A-Za-z\-_]{40,80}$/;

/** The caller by its token; refuses a request without a token or with an invalid one. */
export function authenticate(context: CloudflareContext, exchange: Exchange): Caller {
  const caller = presentedToken(context, exchange);
  if (caller === undefined) {
    throw refusal("invalidAccessToken");
  }
  if (caller === "admin") {
    return caller;
  }
  if (tokenStatus(context, caller) !== "active" || !hasBegun(context, caller)) {
    throw refusal("invalidAccessToken");
  }
  checkLocation(context, caller, exchange);
  caller.lastUsedOn = new Date(context.now()).toISOString();
  return caller;
}

/** The token of the request, valid or not; undefined for an unknown token. */
export function presentedToken(context: CloudflareContext, exchange: Exchange): Caller | undefined {
  const { authorization } = exchange.headers;
  if (authorization === undefined) {
    return presentedKey(context, exchange);
  }
  const value = bearerToken(exchange.headers);
  if (value === undefined || !TOKEN.test(value)) {
    throw malformedToken();
  }
  const known = fingerprint(value);
  if (known === context.adminFingerprint) {
    exchange.who = "operator";
    return "admin";
  }
  const token = context.state.tokens.find((candidate) => candidate.fingerprint === known);
  if (token === undefined || token.usableFrom > context.now()) {
    return undefined;
  }
  exchange.who = token.id;
  return token;
}

/** The operator by the global API key and the e-mail address. The Origin CA key is not accepted for these calls. */
function presentedKey(context: CloudflareContext, exchange: Exchange): Caller {
  const { "x-auth-key": key, "x-auth-email": email } = exchange.headers;
  if (typeof key !== "string" || email === undefined) {
    throw refusal("missingCredential");
  }
  if (fingerprint(key) !== context.adminKeyFingerprint || email !== OPERATOR_EMAIL) {
    throw refusal("unknownKey");
  }
  exchange.who = "operator";
  return "admin";
}

/** Refuses a token that may not be used from the caller's address. */
export function checkLocation(
  context: CloudflareContext,
  { requestIp }: ApiToken,
  exchange: Exchange,
): void {
  const { sourceAddress } = context.state.settings;
  const address = sourceAddress === "" ? exchange.remoteAddress : sourceAddress;
  if (requestIp !== undefined && !admits(requestIp, address)) {
    throw wrongLocation(address);
  }
}

/** A token's status: the one that was set, unless the token has expired. */
export function tokenStatus(
  context: CloudflareContext,
  { status, expiresOn }: ApiToken,
): "active" | "disabled" | "expired" {
  const expired = expiresOn !== undefined && Date.parse(expiresOn) <= context.now();
  return expired ? "expired" : status;
}

/** Whether the caller may perform this action on the resource. */
export function may(caller: Caller, action: Action, resource: Resource): boolean {
  return caller === "admin" || allows(caller, action, resource);
}

/** Refuses the call unless the caller may perform this action on the resource. */
export function authorize(
  context: CloudflareContext,
  exchange: Exchange,
  action: Action,
  resource: Resource,
): void {
  const caller = authenticate(context, exchange);
  if (!may(caller, action, resource)) {
    exchange.denied = acceptedGroups(action)[0] ?? action;
    throw refusal(action === "zone.read" ? "unauthorized" : "authentication");
  }
}

function hasBegun(context: CloudflareContext, { notBefore }: ApiToken): boolean {
  return notBefore === undefined || Date.parse(notBefore) <= context.now();
}
