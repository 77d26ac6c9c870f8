import { parseObject, textsOf } from "../shared/json.ts";
import { type Exchange, type Handler, type Route, route } from "../shared/router.ts";
import { authorize, testPermissions } from "./callers.ts";
import type { GoogleContext } from "./context.ts";
import { organization } from "./organization.ts";
import { policyBody, setPolicy } from "./policies.ts";
import { findProject, projectTarget } from "./projects.ts";
import type { Project } from "./state.ts";

/**
 * The calls of Resource Manager v1 about one project and its policy.
 *
 * @see https://cloud.google.com/resource-manager/reference/rest/v1/projects
 */
export function resourceManagerRoutes(context: GoogleContext): Route[] {
  const allowed =
    (permission: string, use: (project: Project, exchange: Exchange) => unknown): Handler =>
    (exchange) => {
      const id = exchange.params.project ?? "";
      const project = findProject(context, id);
      const target = projectTarget(context, id);
      authorize(context, exchange, "resourceManager", permission, target);
      return { status: 200, body: project && use(project, exchange) };
    };
  return [
    route("GET", "/v1/projects/{project}", allowed("resourcemanager.projects.get", projectBody)),
    route(
      "POST",
      "/v1/projects/{project}:getAncestry",
      allowed("resourcemanager.projects.get", ({ projectId }) => ({
        ancestor: [
          { resourceId: { type: "project", id: projectId } },
          { resourceId: { type: "organization", id: organization.id } },
        ],
      })),
    ),
    route(
      "POST",
      "/v1/projects/{project}:getIamPolicy",
      allowed("resourcemanager.projects.getIamPolicy", ({ policy }) => policyBody(policy)),
    ),
    route(
      "POST",
      "/v1/projects/{project}:setIamPolicy",
      allowed("resourcemanager.projects.setIamPolicy", ({ policy }, exchange) =>
        setPolicy(context, policy, exchange),
      ),
    ),
    route("POST", "/v1/projects/{project}:testIamPermissions", (exchange) => {
      const target = projectTarget(context, exchange.params.project ?? "");
      const asked = textsOf(parseObject(exchange.body)?.permissions);
      return {
        status: 200,
        body: { permissions: testPermissions(context, exchange, asked, target) },
      };
    }),
  ];
}

function projectBody({ projectId, projectNumber, name, createTime }: Project): object {
  return { projectId, projectNumber, name, createTime, lifecycleState: "ACTIVE" };
}
