import type { Exchange } from "../shared/router.ts";
import { authorize, type Target } from "./callers.ts";
import type { GoogleContext } from "./context.ts";
import { googleError, permissionDenied } from "./errors.ts";
import { emptyPolicy, grantedPermissions, memberOf } from "./policies.ts";
import { findProject, projectTarget } from "./projects.ts";
import type { Policy, ServiceAccount } from "./state.ts";

/**
 * In place of the project's id: any project. An unknown account then results in a 403 instead of a 404.
 *
 * @see https://cloud.google.com/iam/docs/reference/rest/v1/projects.serviceAccounts/get
 */
const ANY_PROJECT = "-";

/** The account in the path, if the caller has the permission on it. */
export function authorizedAccount(
  context: GoogleContext,
  exchange: Exchange,
  permission: string,
): ServiceAccount {
  const { project = "", account: id = "" } = exchange.params;
  const account = findAccount(context, project, id);
  const name = `projects/${project}/serviceAccounts/${id}`;
  if (account) {
    authorize(context, exchange, "iam", permission, accountTarget(context, account));
    return account;
  }
  authorize(context, exchange, "iam", permission, {
    ...projectTarget(context, project),
    name,
  });
  throw googleError(404, `Unknown service account: ${name} does not exist.`);
}

/**
 * The account in the path, if the caller has the permission on the first of the delegates, each of them on the
 * next, and the last on the account.
 *
 * @param delegates in Google's format, `projects/-/serviceAccounts/<address or id>`
 */
export function delegatedAccount(
  context: GoogleContext,
  exchange: Exchange,
  permission: string,
  delegates: readonly string[],
): ServiceAccount {
  const ids = delegates.map((name) => /^projects\/-\/serviceAccounts\/([^/]+)$/.exec(name)?.[1]);
  const { account: target = "" } = exchange.params;
  const [first, ...others] = [...ids, target].map((id) => {
    if (id === undefined) {
      throw googleError(400, "Request contains an invalid argument.");
    }
    const account = findAccount(context, ANY_PROJECT, id);
    if (account === undefined) {
      throw permissionDenied(permission, `projects/${ANY_PROJECT}/serviceAccounts/${id}`);
    }
    return account;
  }) as [ServiceAccount, ...ServiceAccount[]];
  authorize(context, exchange, "iam", permission, accountTarget(context, first));
  return others.reduce((actor, next) => {
    const { name, policies } = accountTarget(context, next);
    if (!grantedPermissions(context, policies, memberOf(actor)).has(permission)) {
      throw permissionDenied(permission, name);
    }
    return next;
  }, first);
}

/** An account as the target of a permission; a missing account has only its project's policies. */
export function namedAccountTarget(context: GoogleContext, exchange: Exchange): Target {
  const { project = "", account: id = "" } = exchange.params;
  const account = findAccount(context, project, id);
  return account === undefined ? projectTarget(context, project) : accountTarget(context, account);
}

/** The full name of an account. */
export function accountName({ projectId, email }: ServiceAccount): string {
  return `projects/${projectId}/serviceAccounts/${email}`;
}

function findAccount(
  context: GoogleContext,
  project: string,
  id: string,
): ServiceAccount | undefined {
  const projectId = findProject(context, project)?.projectId;
  return context.state.accounts.find(
    (account) =>
      account.deletedAt === undefined &&
      (account.email === id || account.uniqueId === id) &&
      (project === ANY_PROJECT || account.projectId === projectId),
  );
}

function accountTarget(context: GoogleContext, account: ServiceAccount): Target {
  const own = context.state.accountPolicies[account.uniqueId];
  return {
    name: accountName(account),
    policies: [
      ...projectTarget(context, account.projectId).policies,
      ...(own === undefined ? [] : [own]),
    ],
  };
}

/** The policy on the account itself. */
export function accountPolicy(context: GoogleContext, account: ServiceAccount): Policy {
  return (context.state.accountPolicies[account.uniqueId] ??= emptyPolicy());
}
