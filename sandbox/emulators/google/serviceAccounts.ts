import { randomBytes } from "node:crypto";
import { objectOf, parseObject, textOf, textsOf } from "../shared/json.ts";
import { randomDigits } from "../shared/secrets.ts";
import { type Exchange, type Handler, type Route, route } from "../shared/router.ts";
import { accountName, accountPolicy, authorizedAccount, namedAccountTarget } from "./accounts.ts";
import { authorize, testPermissions } from "./callers.ts";
import type { GoogleContext } from "./context.ts";
import { googleError, permissionDenied } from "./errors.ts";
import { deletedMemberOf, memberOf, policyBody, renameMember, setPolicy } from "./policies.ts";
import { findProject, projectTarget } from "./projects.ts";
import type { Policy, ServiceAccount } from "./state.ts";

/** How long a deleted account can be restored. */
const UNDELETE_MS = 30 * 24 * 3600 * 1000;

/** Handles a call about one account. */
type AccountCall = (account: ServiceAccount, exchange: Exchange) => object;

/**
 * The calls of IAM v1 about service accounts.
 *
 * @see https://cloud.google.com/iam/docs/reference/rest/v1/projects.serviceAccounts
 */
export function serviceAccountRoutes(context: GoogleContext): Route[] {
  const collection = "/v1/projects/{project}/serviceAccounts";
  const one = `${collection}/{account}`;
  const onOne: [method: string, suffix: string, verb: string, use: AccountCall][] = [
    ["GET", "", "get", accountBody],
    ["PATCH", "", "update", update],
    ["DELETE", "", "delete", (account) => remove(context, account)],
    ["POST", ":disable", "disable", (account) => switchAccount(account, true)],
    ["POST", ":enable", "enable", (account) => switchAccount(account, false)],
    [
      "POST",
      ":getIamPolicy",
      "getIamPolicy",
      (account) => policyBody(accountPolicy(context, account)),
    ],
    [
      "POST",
      ":setIamPolicy",
      "setIamPolicy",
      (account, exchange) => setPolicy(context, accountPolicy(context, account), exchange),
    ],
  ];
  const answer =
    (use: (exchange: Exchange) => object): Handler =>
    (exchange) => ({ status: 200, body: use(exchange) });
  return [
    route(
      "POST",
      collection,
      answer((exchange) => create(context, exchange)),
    ),
    route(
      "GET",
      collection,
      answer((exchange) => list(context, exchange)),
    ),
    route(
      "POST",
      `${one}:testIamPermissions`,
      answer((exchange) => {
        const asked = textsOf(parseObject(exchange.body)?.permissions);
        const target = namedAccountTarget(context, exchange);
        return { permissions: testPermissions(context, exchange, asked, target) };
      }),
    ),
    route(
      "POST",
      `${one}:undelete`,
      answer((exchange) => undelete(context, exchange)),
    ),
    ...onOne.map(([method, suffix, verb, use]) =>
      route(
        method,
        `${one}${suffix}`,
        answer((exchange) =>
          use(authorizedAccount(context, exchange, `iam.serviceAccounts.${verb}`), exchange),
        ),
      ),
    ),
  ];
}

function create(context: GoogleContext, exchange: Exchange): object {
  const { project = "" } = exchange.params;
  const target = projectTarget(context, project);
  authorize(context, exchange, "iam", "iam.serviceAccounts.create", target);
  const projectId = findProject(context, project)?.projectId ?? project;
  const body = parseObject(exchange.body) ?? {};
  const accountId = textOf(body.accountId) ?? "";
  if (!/^[a-z](?:[-a-z0-9]{4,28}[a-z0-9])$/.test(accountId)) {
    throw googleError(
      400,
      `The account ID "${accountId}" does not have a length between 6 and 30, or is not of lower-case ` +
        "letters, digits and dashes that start with a letter and do not end with a dash.",
    );
  }
  const email = `${accountId}@${projectId}.iam.gserviceaccount.com`;
  if (
    context.state.accounts.some((account) => account.email === email && blocks(context, account))
  ) {
    throw googleError(
      409,
      `Service account ${accountId} already exists within project projects/${projectId}.`,
    );
  }
  const details = objectOf(body.serviceAccount);
  const account: ServiceAccount = {
    projectId,
    email,
    uniqueId: randomDigits(21),
    displayName: textOf(details.displayName) ?? "",
    description: textOf(details.description) ?? "",
    disabled: false,
    etag: newEtag(),
  };
  context.state.accounts.push(account);
  return accountBody(account);
}

/** Whether an account, existing or deleted, blocks its id. */
function blocks(context: GoogleContext, { deletedAt }: ServiceAccount): boolean {
  return (
    deletedAt === undefined ||
    (!context.state.settings.reuseDeletedIds && context.now() - deletedAt < UNDELETE_MS)
  );
}

function list(context: GoogleContext, exchange: Exchange): object {
  const { project = "" } = exchange.params;
  const target = projectTarget(context, project);
  authorize(context, exchange, "iam", "iam.serviceAccounts.list", target);
  const projectId = findProject(context, project)?.projectId;
  const accounts = context.state.accounts
    .filter((account) => account.projectId === projectId && account.deletedAt === undefined)
    .map(accountBody);
  return accounts.length > 0 ? { accounts } : {};
}

/** Only these two texts can be changed. */
function update(account: ServiceAccount, exchange: Exchange): object {
  const body = parseObject(exchange.body) ?? {};
  const details = objectOf(body.serviceAccount);
  const etag = textOf(details.etag) ?? "";
  if (etag !== "" && etag !== account.etag) {
    throw googleError(409, "There were concurrent changes to the service account.", {
      status: "ABORTED",
      reason: "aborted",
    });
  }
  const mask = (textOf(body.updateMask) ?? "displayName,description").split(",");
  for (const field of ["displayName", "description"] as const) {
    if (mask.some((path) => path === field || path === snakeCase(field))) {
      account[field] = textOf(details[field]) ?? "";
    }
  }
  account.etag = newEtag();
  return accountBody(account);
}

function remove(context: GoogleContext, account: ServiceAccount): object {
  account.deletedAt = context.now();
  renameMember(allPolicies(context), memberOf(account), deletedMemberOf(account));
  return {};
}

/**
 * Restores a deleted account by its uniqueId. Fails after the 30 days, or if another account has the name.
 *
 * @see https://cloud.google.com/iam/docs/service-accounts-delete-undelete#undeleting
 */
function undelete(context: GoogleContext, exchange: Exchange): object {
  const { project = "", account: id = "" } = exchange.params;
  const { accounts } = context.state;
  const account = accounts.find(
    ({ uniqueId, deletedAt }) =>
      uniqueId === id && deletedAt !== undefined && context.now() - deletedAt < UNDELETE_MS,
  );
  const permission = "iam.serviceAccounts.undelete";
  const target = projectTarget(context, account?.projectId ?? project);
  authorize(context, exchange, "iam", permission, target);
  if (!account) {
    throw permissionDenied(permission, `projects/${project}/serviceAccounts/${id}`);
  }
  if (accounts.some((other) => other.email === account.email && other.deletedAt === undefined)) {
    throw googleError(400, "Another service account has the same name.", {
      status: "FAILED_PRECONDITION",
      reason: "failedPrecondition",
    });
  }
  delete account.deletedAt;
  renameMember(allPolicies(context), deletedMemberOf(account), memberOf(account));
  return { restoredAccount: accountBody(account) };
}

function switchAccount(account: ServiceAccount, disabled: boolean): object {
  account.disabled = disabled;
  return {};
}

function allPolicies(context: GoogleContext): Policy[] {
  return [
    ...context.state.projects.flatMap(({ policy, zones }) => [
      policy,
      ...zones.map((zone) => zone.policy),
    ]),
    ...Object.values(context.state.accountPolicies),
  ];
}

function accountBody(account: ServiceAccount): object {
  const { projectId, uniqueId, email, displayName, description, disabled, etag } = account;
  return {
    name: accountName(account),
    projectId,
    uniqueId,
    email,
    oauth2ClientId: uniqueId,
    etag,
    ...(displayName === "" ? {} : { displayName }),
    ...(description === "" ? {} : { description }),
    ...(disabled ? { disabled } : {}),
  };
}

function newEtag(): string {
  return randomBytes(8).toString("base64");
}

function snakeCase(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}
