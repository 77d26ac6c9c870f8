import { parseObject, textOf } from "../shared/json.ts";
import { type Exchange, type Route, route } from "../shared/router.ts";
import { authenticate } from "./callers.ts";
import type { GoogleContext } from "./context.ts";
import { permissionDenied } from "./errors.ts";
import { findProject } from "./projects.ts";

/**
 * The calls about the organization's policy as it counts in a project: of the Organization Policy API, and of Resource
 * Manager, which knows no managed constraint.
 *
 * @see https://cloud.google.com/resource-manager/docs/reference/orgpolicy/rest/v2/projects.policies/getEffectivePolicy
 * @see https://cloud.google.com/resource-manager/reference/rest/v1/projects/getEffectiveOrgPolicy
 */
export function orgPolicyRoutes(context: GoogleContext): Route[] {
  const isEnforced = (constraint: string) =>
    context.state.settings.enforcedConstraints.includes(constraint);
  return [
    route("GET", "/v2/projects/{project}/policies/{constraint}:getEffectivePolicy", (exchange) => {
      authorizePolicy(context, exchange);
      const { project = "", constraint = "" } = exchange.params;
      const name = `projects/${project}/policies/${constraint}`;
      return {
        status: 200,
        body: { name, spec: { rules: [{ enforce: isEnforced(constraint) }] } },
      };
    }),
    route("POST", "/v1/projects/{project}:getEffectiveOrgPolicy", (exchange) => {
      authorizePolicy(context, exchange);
      const constraint = textOf(parseObject(exchange.body)?.constraint) ?? "";
      const enforced =
        !constraint.includes(".managed.") && isEnforced(constraint.replace(/^constraints\//, ""));
      return {
        status: 200,
        body: { constraint, booleanPolicy: enforced ? { enforced: true } : {} },
      };
    }),
  ];
}

function authorizePolicy(context: GoogleContext, exchange: Exchange): void {
  const caller = authenticate(exchange);
  const { project = "" } = exchange.params;
  const readable = context.state.settings.policyReadable && caller.member === undefined;
  if (!readable || !findProject(context, project)) {
    exchange.denied = "orgpolicy.policy.get";
    throw permissionDenied("orgpolicy.policy.get", `projects/${project}`);
  }
}
