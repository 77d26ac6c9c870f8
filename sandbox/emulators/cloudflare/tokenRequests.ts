import { type JsonObject, listOf, objectOf, textOf, textsOf } from "../shared/json.ts";
import { randomHex } from "../shared/secrets.ts";
import { isAddressRange } from "./addresses.ts";
import type { CloudflareContext } from "./context.ts";
import { invalidRequest } from "./envelope.ts";
import { type PermissionGroup, permissionGroup } from "./permissionGroups.ts";
import { resourceScopes } from "./resources.ts";
import type { ApiToken, IpCondition, ResourceScope, TokenPolicy } from "./state.ts";

/** The fields of a token that a request sets. */
export type TokenFields = Pick<ApiToken, "name" | "status" | "policies"> &
  Partial<Pick<ApiToken, "notBefore" | "expiresOn" | "requestIp">>;

/** Cloudflare's code for a token that it refuses to create; the messages differ. */
const REFUSED = 1001;

const LONGEST_NAME = 120;

/**
 * Reads a request for a token.
 *
 * @see https://developers.cloudflare.com/api/resources/user/subresources/tokens/methods/create/
 */
export function readTokenFields(
  context: CloudflareContext,
  input: JsonObject,
  groups: readonly PermissionGroup[],
): TokenFields {
  const name = textOf(input.name) ?? "";
  if (name === "" || name.length > LONGEST_NAME) {
    throw invalidRequest(REFUSED, `name must have 1 to ${LONGEST_NAME} characters`);
  }
  const policies = listOf(input.policies).map((entry) => readPolicy(objectOf(entry), groups));
  if (policies.length === 0) {
    throw invalidRequest(REFUSED, "policies must not be empty");
  }
  const notBefore = readTime(input, "not_before");
  const expiresOn = readTime(input, "expires_on");
  if (expiresOn !== undefined && Date.parse(expiresOn) <= context.now()) {
    throw invalidRequest(REFUSED, "expires_on must be in the future");
  }
  const requestIp = readCondition(objectOf(objectOf(input.condition).request_ip));
  return {
    name,
    status: input.status === "disabled" ? "disabled" : "active",
    policies,
    ...(notBefore === undefined ? {} : { notBefore }),
    ...(expiresOn === undefined ? {} : { expiresOn }),
    ...(requestIp === undefined ? {} : { requestIp }),
  };
}

function readPolicy(input: JsonObject, groups: readonly PermissionGroup[]): TokenPolicy {
  const effect = input.effect;
  if (effect !== "allow" && effect !== "deny") {
    throw invalidRequest(REFUSED, "effect must be allow or deny");
  }
  const resources = objectOf(input.resources) as Record<string, ResourceScope>;
  const kinds = Object.entries(resources).map(([name, scope]) => {
    const kind = resourceScopes(name, scope);
    if (!kind) {
      throw invalidRequest(REFUSED, `${name} is not a resource`);
    }
    return kind;
  });
  const permissionGroupIds = listOf(input.permission_groups).map((group) => {
    const id = textOf(objectOf(group).id) ?? "";
    const known = groups.includes(permissionGroup(id)!);
    if (!known) {
      throw invalidRequest(REFUSED, `permission group ${id} does not exist`);
    }
    return id;
  });
  const inScope = permissionGroupIds.every((id) =>
    permissionGroup(id)?.scopes.some((scope) => kinds.flat().includes(scope)),
  );
  if (permissionGroupIds.length === 0 || !inScope) {
    throw invalidRequest(REFUSED, "every permission group must apply to one of the resources");
  }
  return { id: textOf(input.id) ?? randomHex(32), effect, permissionGroupIds, resources };
}

function readTime(input: JsonObject, field: string): string | undefined {
  const text = textOf(input[field]);
  if (
    text !== undefined &&
    !/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/.test(text)
  ) {
    throw invalidRequest(REFUSED, `${field} must be an RFC 3339 time`);
  }
  return text;
}

function readCondition(input: JsonObject): IpCondition | undefined {
  const lists = (["in", "not_in"] as const).map((field) => [field, textsOf(input[field])] as const);
  const wrong = lists.flatMap(([, ranges]) => ranges).find((range) => !isAddressRange(range));
  if (wrong !== undefined) {
    throw invalidRequest(REFUSED, `${wrong} is not an address or CIDR range`);
  }
  const condition = Object.fromEntries(lists.filter(([, ranges]) => ranges.length > 0));
  return Object.keys(condition).length > 0 ? condition : undefined;
}
