import { parseJson, isMap } from "../../lib/json.ts";
import { known, type Rule } from "../rule.ts";

/** Cloudflare's resource name of one zone, the only permitted resource of a token. */
const zone = /^com\.cloudflare\.api\.account\.zone\.[^.*]+$/;

interface TokenPolicy {
  readonly effect?: unknown;
  readonly permissionGroups?: readonly unknown[];
  readonly resources?: unknown;
}

export const tokenOfOneZone: Rule = {
  name: "token-of-one-zone",
  description:
    "A token at Cloudflare has two permission groups, Zone Read and DNS Write, on one zone.",
  types: ["cloudflare:index/apiToken:", "cloudflare:index/accountToken:"],
  check: ({ props }) => {
    const policies = known(() => props.policies as readonly TokenPolicy[] | undefined);
    if (policies === undefined) {
      return [];
    }
    const [policy, ...others] = policies;
    const groups = known(() => policy?.permissionGroups?.length);
    const text = known(() => policy?.resources);
    const resources = typeof text === "string" ? parseJson(text) : text;
    const names = isMap(resources) ? Object.keys(resources) : undefined;
    const fix = "CloudflareDnsCredential creates a valid token.";
    return [
      ...(policy === undefined || others.length > 0 || policy.effect !== "allow"
        ? [`The token does not have exactly one policy, with the effect allow. ${fix}`]
        : []),
      ...(groups !== undefined && groups !== 2
        ? [
            `The token has ${groups} permission groups, not the two that the challenge needs. ${fix}`,
          ]
        : []),
      ...(names !== undefined && !(names.length === 1 && names.every((name) => zone.test(name)))
        ? [`The token is not limited to one zone. ${fix}`]
        : []),
    ];
  },
};
