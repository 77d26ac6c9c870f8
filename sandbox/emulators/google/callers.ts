import { bearerToken, fingerprint } from "../shared/secrets.ts";
import type { Exchange, Route } from "../shared/router.ts";
import { checkSigned } from "./assertions.ts";
import type { GoogleContext } from "./context.ts";
import { dnsForbidden, googleError, insufficientScopes, permissionDenied } from "./errors.ts";
import { readJwt } from "./jwt.ts";
import { grantedPermissions, memberOf } from "./policies.ts";
import type { Policy, ServiceAccount } from "./state.ts";

const CLOUD_PLATFORM = "https://www.googleapis.com/auth/cloud-platform";

/** The operator, whose token may do anything. */
const ADMIN = {
  email: "operator@sandbox.invalid",
  uniqueId: "100000000000000000000",
  scopes: [CLOUD_PLATFORM],
  expiresInS: 3599,
};

/** Who makes a call. */
export interface Caller {
  readonly email: string;
  readonly uniqueId: string;
  readonly scopes: readonly string[];
  readonly expiresInS: number;
  /** As policies name the caller. Absent for the operator. */
  readonly member?: string;
}

/** The emulated services that ask for permissions, with the scopes that open each. */
const SERVICES = {
  iam: { write: ["iam"], read: [], refuse: permissionDenied },
  resourceManager: {
    write: ["cloudplatformprojects"],
    read: ["cloudplatformprojects.readonly"],
    refuse: permissionDenied,
  },
  dns: {
    write: ["ndev.clouddns.readwrite"],
    read: ["ndev.clouddns.readonly"],
    refuse: dnsForbidden,
  },
} as const;

/** The name of an emulated service. */
export type Service = keyof typeof SERVICES;

/** What a permission is asked on: its name, and every policy that can grant it there. */
export interface Target {
  readonly name: string;
  readonly policies: readonly Policy[];
}

/** Whom the bearer tokens of the requests that are being answered belong to. */
const callers = new WeakMap<Exchange, Caller>();

/**
 * Finds whom a request's bearer token belongs to before the route answers it. It takes a while to check a signature, and
 * so a handler can ask for permissions and change the state without another request in between.
 */
export function identified(context: GoogleContext, { handle, ...route }: Route): Route {
  return {
    ...route,
    handle: async (exchange) => {
      const caller = await callerByToken(context, bearerToken(exchange.headers) ?? "");
      if (caller) {
        callers.set(exchange, caller);
      }
      return handle(exchange);
    },
  };
}

/**
 * The caller by its bearer token; refuses a request without one, or with one that is not (or no longer) valid.
 *
 * @see identified
 */
export function authenticate(exchange: Exchange): Caller {
  if (bearerToken(exchange.headers) === undefined) {
    throw unauthenticated("Request is missing required authentication credential.");
  }
  const caller = callers.get(exchange);
  if (!caller) {
    throw unauthenticated("Request had invalid authentication credentials.");
  }
  exchange.who = caller.email;
  return caller;
}

/** Whom a token belongs to, or undefined. */
export async function callerByToken(
  context: GoogleContext,
  token: string,
): Promise<Caller | undefined> {
  const known = fingerprint(token);
  if (known === context.adminFingerprint) {
    return ADMIN;
  }
  const issued = context.state.accessTokens.find((entry) => entry.fingerprint === known);
  if (!issued) {
    return callerByAssertion(context, token);
  }
  const expiresInS = Math.floor((issued.expiresAt - context.now()) / 1000);
  const { principal, scopes } = issued;
  if (principal !== undefined) {
    const names = { email: principal, uniqueId: principal, member: principal };
    return expiresInS > 0 ? { ...names, scopes, expiresInS } : undefined;
  }
  // A token outlives the key that it was issued for, but not its account.
  const account = context.state.accounts.find(({ uniqueId }) => uniqueId === issued.accountId);
  const alive = account?.deletedAt === undefined && account?.disabled === false;
  return alive && expiresInS > 0 ? callerOf(account, scopes, expiresInS) : undefined;
}

/** Refuses the call unless the caller has the permission on the target, by its scopes and by the policies. */
export function authorize(
  context: GoogleContext,
  exchange: Exchange,
  service: Service,
  permission: string,
  target: Target,
): void {
  const caller = authenticate(exchange);
  if (!coversService(caller, service, permission)) {
    throw insufficientScopes();
  }
  if (!hasPermission(context, caller, permission, target)) {
    exchange.denied = permission;
    throw SERVICES[service].refuse(permission, target.name);
  }
}

/** Which of the permissions the caller has on the target, for testIamPermissions. */
export function testPermissions(
  context: GoogleContext,
  exchange: Exchange,
  permissions: readonly string[],
  target: Target,
): string[] {
  const caller = authenticate(exchange);
  return permissions.filter((permission) => hasPermission(context, caller, permission, target));
}

function hasPermission(
  context: GoogleContext,
  caller: Caller,
  permission: string,
  { policies }: Target,
): boolean {
  if (policies.length === 0) {
    // There is no such project. Nobody, the operator included, has a permission on it.
    return false;
  }
  return (
    caller.member === undefined ||
    grantedPermissions(policies, caller.member, context.now()).has(permission)
  );
}

function coversService(caller: Caller, service: Service, permission: string): boolean {
  const { write, read } = SERVICES[service];
  const reading = /\.(get|list)$/.test(permission);
  const enough = [...write, ...(reading ? read : [])].map(
    (scope) => `https://www.googleapis.com/auth/${scope}`,
  );
  return [CLOUD_PLATFORM, ...enough].some((scope) => caller.scopes.includes(scope));
}

/**
 * Google's newer client libraries skip the token endpoint and send a token that they signed themselves, with a scope
 * or with the service's address as audience.
 *
 * @see https://google.aip.dev/auth/4111
 */
async function callerByAssertion(
  context: GoogleContext,
  token: string,
): Promise<Caller | undefined> {
  const jwt = readJwt(token);
  const verdict = jwt && (await checkSigned(context, jwt));
  if (!verdict || "refusal" in verdict) {
    return undefined;
  }
  const { aud, scope, exp } = jwt.claims;
  const expiresInS = Math.floor(Number(exp) - context.now() / 1000);
  if (typeof scope === "string" && scope !== "") {
    return callerOf(verdict.account, scope.split(" "), expiresInS);
  }
  const services = [context.universeDomain, "googleapis.com"];
  const forService =
    typeof aud === "string" && services.some((domain) => aud.endsWith(`.${domain}/`));
  return forService ? callerOf(verdict.account, [CLOUD_PLATFORM], expiresInS) : undefined;
}

function callerOf(account: ServiceAccount, scopes: readonly string[], expiresInS: number): Caller {
  const { email, uniqueId } = account;
  return { email, uniqueId, scopes, expiresInS, member: memberOf(account) };
}

function unauthenticated(problem: string) {
  return googleError(
    401,
    `${problem} Expected OAuth 2 access token, login cookie or other valid authentication credential. ` +
      "See https://developers.google.com/identity/sign-in/web/devconsole-project.",
  );
}
