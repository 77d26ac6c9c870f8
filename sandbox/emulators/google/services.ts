import type { Exchange, Route } from "../shared/router.ts";
import type { GoogleContext } from "./context.ts";
import { quotaProjectDenied, serviceDisabled } from "./errors.ts";
import { findProject } from "./projects.ts";

/** The emulated APIs that have to be enabled in a project, by their calls. The first match counts. */
const SERVICES: readonly [name: string, title: string, calls: RegExp][] = [
  ["iamcredentials.googleapis.com", "IAM Service Account Credentials API", /:generateAccessToken$/],
  ["iam.googleapis.com", "Identity and Access Management (IAM) API", /\/(serviceAccounts|roles)\b/],
  ["dns.googleapis.com", "Cloud DNS API", /^\/dns\//],
  ["orgpolicy.googleapis.com", "Organization Policy API", /^\/v2\/projects\//],
  ["cloudresourcemanager.googleapis.com", "Cloud Resource Manager API", /^\/v1\/projects\//],
];

/** Refuses calls of an API that is not enabled, and calls with a quota project that does not exist. */
export function enabled(context: GoogleContext, { handle, ...route }: Route): Route {
  return {
    ...route,
    handle: (exchange) => {
      const quotaProject = quotaProjectOf(exchange);
      if (quotaProject !== undefined) {
        exchange.quotaProject = quotaProject;
        if (!findProject(context, quotaProject)) {
          throw quotaProjectDenied(quotaProject);
        }
      }
      const [name, title] = SERVICES.find(([, , calls]) => calls.test(exchange.path)) ?? [];
      if (name !== undefined && context.state.settings.disabledServices.includes(name)) {
        const project = quotaProject ?? exchange.params.project ?? "";
        const number = findProject(context, project)?.projectNumber;
        throw serviceDisabled(
          name,
          number ?? context.state.projects[0]?.projectNumber ?? "",
          title ?? name,
        );
      }
      return handle(exchange);
    },
  };
}

function quotaProjectOf({ headers }: Exchange): string | undefined {
  const header = headers["x-goog-user-project"];
  return typeof header === "string" && header !== "" ? header : undefined;
}
