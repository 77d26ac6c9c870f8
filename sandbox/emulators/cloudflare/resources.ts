import { permissionGroup } from "./permissionGroups.ts";
import type { ApiToken, ResourceScope, TokenPolicy, Zone } from "./state.ts";

const ACCOUNT = "com.cloudflare.api.account.";
const ZONE = "com.cloudflare.api.account.zone.";
const USER = "com.cloudflare.api.user.";

/** A resource on which a permission is required. */
export type Resource =
  { readonly zone: Zone } | { readonly accountId: string } | { readonly userId: string };

/**
 * The permission groups that each kind of call requires. "Write" of a kind includes "Read", but no kind includes
 * another: "Zone Write" grants no access to records.
 *
 * @see https://developers.cloudflare.com/api/resources/zones/methods/list/ and the other pages' accepted
 * permissions
 */
const ACTIONS = {
  "zone.read": ["Zone Read", "Zone Write"],
  "zone.write": ["Zone Write"],
  "dns.read": ["DNS Read", "DNS Write"],
  "dns.write": ["DNS Write"],
  "account.read": ["Account Settings Read", "Account Settings Write"],
  "userTokens.read": ["API Tokens Read", "API Tokens Write"],
  "userTokens.write": ["API Tokens Write"],
  "accountTokens.read": ["Account API Tokens Read", "Account API Tokens Write"],
  "accountTokens.write": ["Account API Tokens Write"],
} as const satisfies Record<string, readonly string[]>;

/** The name of an action. */
export type Action = keyof typeof ACTIONS;

/** The permission groups of which a token needs one for the action. */
export function acceptedGroups(action: Action): readonly string[] {
  return ACTIONS[action];
}

/** Whether the token's policies allow the action on the resource. A policy that denies takes precedence. */
export function allows(token: ApiToken, action: Action, resource: Resource): boolean {
  const accepted: readonly string[] = ACTIONS[action];
  const applies = ({ permissionGroupIds, resources }: TokenPolicy) =>
    permissionGroupIds.some((id) => accepted.includes(permissionGroup(id)?.name ?? "")) &&
    Object.entries(resources).some(([name, scope]) => covers(name, scope, resource));
  const effects = token.policies.filter(applies).map(({ effect }) => effect);
  return effects.includes("allow") && !effects.includes("deny");
}

/** The kind of a policy's resource, as in the scopes of permission groups; undefined for anything else. */
export function resourceScopes(name: string, scope: ResourceScope): string[] | undefined {
  if (typeof scope !== "string") {
    const nested = Object.entries(scope).map(([inner, value]) => resourceScopes(inner, value));
    return name.startsWith(ACCOUNT) && nested.every((kind) => kind !== undefined)
      ? nested.flat()
      : undefined;
  }
  const prefix = [ZONE, ACCOUNT, USER].find((candidate) => name.startsWith(candidate));
  const id = name.slice(prefix?.length);
  return prefix !== undefined && scope === "*" && (id === "*" || /^[0-9a-f]{32}$/.test(id))
    ? [prefix.slice(0, -1)]
    : undefined;
}

/**
 * Whether a policy's resource includes the requested resource. All zones of one account are written with the zones
 * nested in the account.
 *
 * @see https://developers.cloudflare.com/fundamentals/api/how-to/create-via-api/
 */
function covers(name: string, scope: ResourceScope, resource: Resource): boolean {
  if ("zone" in resource) {
    const { id, accountId } = resource.zone;
    if (typeof scope !== "string") {
      const sameAccount = [`${ACCOUNT}${accountId}`, `${ACCOUNT}*`].includes(name);
      return sameAccount && Object.entries(scope).some(([n, s]) => covers(n, s, resource));
    }
    return [`${ZONE}${id}`, `${ZONE}*`].includes(name);
  }
  const [prefix, id] =
    "accountId" in resource ? [ACCOUNT, resource.accountId] : [USER, resource.userId];
  return typeof scope === "string" && [`${prefix}${id}`, `${prefix}*`].includes(name);
}
