import { bearerToken, fingerprint } from "../shared/secrets.ts";
import type { Exchange, Route } from "../shared/router.ts";
import { checkSigned } from "./assertions.ts";
import type { GoogleContext } from "./context.ts";
import { dnsForbidden, googleError, insufficientScopes, permissionDenied } from "./errors.ts";
import { readJwt } from "./jwt.ts";
import { grantedPermissions, memberOf } from "./policies.ts";
import type { Policy, ServiceAccount } from "./state.ts";

const CLOUD_PLATFORM = "https://www.googleapis.com/auth/cloud-platform";

/** The operator, whose token has all permissions. */
const ADMIN = {
  email: "operator@sandbox.invalid",
  uniqueId: "100000000000000000000",
  scopes: [CLOUD_PLATFORM],
  expiresInS: 3599,
};

/** The caller of a request. */
export interface Caller {
  readonly email: string;
  readonly uniqueId: string;
  readonly scopes: readonly string[];
  readonly expiresInS: number;
  /** The caller's name in policies. Absent for the operator. */
  readonly member?: string;
}

/** The emulated services that check permissions, with the scopes that each accepts. */
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

/** The target of a permission: its name, and every policy that can grant the permission. */
export interface Target {
  readonly name: string;
  readonly policies: readonly Policy[];
}

/** The callers of the requests in progress. */
const callers = new WeakMap<Exchange, Caller>();

/**
 * Identifies the caller by the bearer token before the route handles the request. Checking a signature takes a
 * while; this way, a handler can check permissions and change the state without another request in between.
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
 * The caller by its bearer token; refuses a request without a token or with an invalid one.
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

/** The owner of a token, or undefined. */
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
  // A token remains valid after the deletion of its key, but not after that of its account.
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

/** The permissions of the list that the caller has on the target, for testIamPermissions. */
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
    // The project does not exist, so nobody has a permission on it, not even the operator.
    return false;
  }
  return (
    caller.member === undefined ||
    grantedPermissions(context, policies, caller.member).has(permission)
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
 * Google's newer client libraries do not use the token endpoint and send a self-signed token, with a scope or with
 * the service's address as audience.
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
