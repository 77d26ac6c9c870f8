import { parseObject, textOf } from "../shared/json.ts";
import { type Exchange, type Route, route } from "../shared/router.ts";
import { authenticate } from "./callers.ts";
import type { GoogleContext } from "./context.ts";
import { permissionDenied } from "./errors.ts";
import { organization, sharingConstraint } from "./organization.ts";
import { findProject } from "./projects.ts";

/**
 * The calls about the effective organization policy of a project: of the Organization Policy API, and of Resource
 * Manager, which does not support managed constraints.
 *
 * @see
 * https://cloud.google.com/resource-manager/docs/reference/orgpolicy/rest/v2/projects.policies/getEffectivePolicy
 * @see https://cloud.google.com/resource-manager/reference/rest/v1/projects/getEffectiveOrgPolicy
 */
export function orgPolicyRoutes(context: GoogleContext): Route[] {
  const isEnforced = (constraint: string) =>
    context.state.settings.enforcedConstraints.includes(constraint);
  const sharingRule = () => {
    const { allowedMemberDomains: allowedValues } = context.state.settings;
    return allowedValues.length > 0 ? { values: { allowedValues } } : { allowAll: true };
  };
  return [
    route("GET", "/v1/organizations/{organization}", (exchange) => {
      const caller = authenticate(exchange);
      const { id, name, customer } = organization;
      const readable = context.state.settings.policyReadable && caller.member === undefined;
      if (!readable || exchange.params.organization !== id) {
        throw permissionDenied("resourcemanager.organizations.get", exchange.path.slice(4));
      }
      const owner = { directoryCustomerId: customer };
      return { status: 200, body: { name: `organizations/${id}`, displayName: name, owner } };
    }),
    route("GET", "/v2/projects/{project}/policies/{constraint}:getEffectivePolicy", (exchange) => {
      authorizePolicy(context, exchange);
      const { project = "", constraint = "" } = exchange.params;
      const name = `projects/${project}/policies/${constraint}`;
      const rule =
        constraint === sharingConstraint ? sharingRule() : { enforce: isEnforced(constraint) };
      return { status: 200, body: { name, spec: { rules: [rule] } } };
    }),
    route("POST", "/v1/projects/{project}:getEffectiveOrgPolicy", (exchange) => {
      authorizePolicy(context, exchange);
      const constraint = textOf(parseObject(exchange.body)?.constraint) ?? "";
      if (constraint === `constraints/${sharingConstraint}`) {
        const { allowedMemberDomains: allowedValues } = context.state.settings;
        const listPolicy = allowedValues.length > 0 ? { allowedValues } : { allValues: "ALLOW" };
        return { status: 200, body: { constraint, listPolicy } };
      }
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
