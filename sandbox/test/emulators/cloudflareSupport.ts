import type { CloudflareResult } from "./bodies.ts";
import type { Clouds } from "./support.ts";

/** The account and the zones that `Clouds.seeded` creates. */
export const ACCOUNT_ID = "a".repeat(32);
export const ZONE_ID = "1".repeat(32);
export const OTHER_ZONE_ID = "2".repeat(32);

/** The policy resource for a zone, or for all zones. */
export function zoneResource(id = ZONE_ID): object {
  return { [`com.cloudflare.api.account.zone.${id}`]: "*" };
}

/** A request for a token with the named permission groups. */
export async function tokenRequest(
  clouds: Clouds,
  groups: readonly string[],
  resources: object = zoneResource(),
  more: object = {},
): Promise<object> {
  const { body } = await clouds.cloudflare<readonly CloudflareResult[]>(
    "GET",
    "/user/tokens/permission_groups",
  );
  const ids = groups.map((name) => ({ id: body.result.find((group) => group.name === name)?.id }));
  return {
    name: "acme",
    policies: [{ effect: "allow", permission_groups: ids, resources }],
    ...more,
  };
}

/** Creates a token; fails if the request is refused. */
export async function makeToken(
  clouds: Clouds,
  groups: readonly string[] = ["Zone Read", "DNS Write"],
  resources?: object,
  more?: object,
  path = "/user/tokens",
): Promise<CloudflareResult> {
  const request = await tokenRequest(clouds, groups, resources, more);
  const { status, body } = await clouds.cloudflare("POST", path, request);
  if (status !== 200) {
    throw new Error(`no token: ${JSON.stringify(body)}`);
  }
  return body.result;
}
