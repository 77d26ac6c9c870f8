import { type JsonObject, objectOf, parseObject, textOf, textsOf } from "../shared/json.ts";
import { type Exchange, type Handler, type Route, route } from "../shared/router.ts";
import { authorize } from "./callers.ts";
import type { GoogleContext } from "./context.ts";
import { googleError } from "./errors.ts";
import { findProject, projectTarget } from "./projects.ts";
import { findCustomRole, KNOWN_PERMISSIONS, predefinedPermissions } from "./roles.ts";
import type { CustomRole } from "./state.ts";

/**
 * The calls of IAM v1 about roles: the custom roles of a project, and reading a predefined role, which requires no
 * permission.
 *
 * @see https://cloud.google.com/iam/docs/reference/rest/v1/projects.roles
 */
export function roleRoutes(context: GoogleContext): Route[] {
  const allowed =
    (verb: string, use: (exchange: Exchange) => JsonObject): Handler =>
    (exchange) => {
      const target = projectTarget(context, exchange.params.project ?? "");
      authorize(context, exchange, "iam", `iam.roles.${verb}`, target);
      return { status: 200, body: use(exchange) };
    };
  const collection = "/v1/projects/{project}/roles";
  return [
    route("GET", "/v1/roles/{role}", ({ params }) => {
      const name = `roles/${params.role ?? ""}`;
      const permissions = predefinedPermissions(name);
      if (permissions === undefined) {
        throw noRole(name);
      }
      return { status: 200, body: { name, includedPermissions: permissions } };
    }),
    route(
      "POST",
      collection,
      allowed("create", (exchange) => create(context, exchange)),
    ),
    route(
      "GET",
      `${collection}/{role}`,
      allowed("get", (exchange) => roleBody(existing(context, exchange))),
    ),
    route(
      "PATCH",
      `${collection}/{role}`,
      allowed("update", (exchange) => {
        const role = existing(context, exchange);
        role.permissions = readPermissions(parseObject(exchange.body) ?? {});
        return roleBody(role);
      }),
    ),
  ];
}

function create(context: GoogleContext, exchange: Exchange): JsonObject {
  const project = findProject(context, exchange.params.project ?? "");
  const body = parseObject(exchange.body) ?? {};
  const roleId = textOf(body.roleId) ?? "";
  if (!project || !/^[\w.]{3,64}$/.test(roleId)) {
    throw googleError(400, "The role_id must be 3 to 64 letters, digits, periods and underscores.");
  }
  const name = `projects/${project.projectId}/roles/${roleId}`;
  if (findCustomRole(context, name)) {
    throw googleError(409, `A role named ${roleId} in ${project.projectId} already exists.`);
  }
  const details = objectOf(body.role);
  const role = {
    name,
    title: textOf(details.title) ?? roleId,
    permissions: readPermissions(details),
  };
  (project.roles ??= []).push(role);
  return roleBody(role);
}

function readPermissions({ includedPermissions }: JsonObject): readonly string[] {
  const permissions = textsOf(includedPermissions);
  const unknown = permissions.find((permission) => !KNOWN_PERMISSIONS.has(permission));
  if (unknown !== undefined) {
    throw googleError(400, `Permission ${unknown} is not valid.`);
  }
  return permissions;
}

function existing(context: GoogleContext, { params }: Exchange): CustomRole {
  const project = findProject(context, params.project ?? "")?.projectId;
  const name = `projects/${project ?? ""}/roles/${params.role ?? ""}`;
  const role = findCustomRole(context, name);
  if (!role) {
    throw noRole(name);
  }
  return role;
}

function roleBody({ name, title, permissions }: CustomRole): JsonObject {
  return { name, title, includedPermissions: [...permissions], stage: "GA" };
}

function noRole(name: string) {
  return googleError(404, `The role named ${name} was not found.`);
}
