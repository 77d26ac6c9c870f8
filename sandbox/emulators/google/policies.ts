import { randomBytes } from "node:crypto";
import { type JsonObject, listOf, objectOf, parseObject, textOf, textsOf } from "../shared/json.ts";
import type { Exchange } from "../shared/router.ts";
import type { GoogleContext } from "./context.ts";
import { constraintViolated, googleError } from "./errors.ts";
import { allowsOwnIdentities, sharingConstraint } from "./organization.ts";
import { permissionsOf } from "./roles.ts";
import type { Binding, Policy, ServiceAccount } from "./state.ts";

/** The etag of a policy that has not been set yet. */
const UNSET_ETAG = "ACAB";

const ACCOUNT_MEMBER = "serviceAccount:";

/** A policy that grants nothing. */
export function emptyPolicy(): Policy {
  return { etag: UNSET_ETAG, bindings: [], effectiveFrom: {} };
}

/** A policy as in the response of getIamPolicy. */
export function policyBody(policy: Policy): JsonObject {
  return {
    version: 1,
    etag: policy.etag,
    ...(policy.bindings.length > 0 ? { bindings: policy.bindings } : {}),
  };
}

/**
 * Replaces a policy with the one in the request, if the request's etag is current.
 *
 * A request with a stale etag is refused, and the client has to repeat the whole read-modify-write; a request
 * without an etag always replaces the policy.
 *
 * @see https://cloud.google.com/iam/docs/policies#etag
 */
export function setPolicy(context: GoogleContext, policy: Policy, exchange: Exchange): JsonObject {
  const wanted = objectOf(parseObject(exchange.body)?.policy);
  const etag = textOf(wanted.etag);
  if (etag !== undefined && etag !== "" && etag !== policy.etag) {
    throw googleError(
      409,
      "There were concurrent policy changes. Please retry the whole read-modify-write with " +
        "exponential backoff. The request's ETag did not match the current policy's ETag.",
      { status: "ABORTED", reason: "aborted" },
    );
  }
  const bindings = mergeBindings(
    listOf(wanted.bindings).map((binding) => readBinding(context, binding)),
  );
  checkMembers(context, bindings);
  checkSharing(context, policy, bindings);
  replaceBindings(context, policy, bindings);
  return policyBody(policy);
}

/** The permissions that these policies grant to the member, counting only grants that have taken effect. */
export function grantedPermissions(
  context: GoogleContext,
  policies: readonly Policy[],
  member: string,
): ReadonlySet<string> {
  const now = context.now();
  const roles = policies.flatMap(({ bindings, effectiveFrom }) =>
    bindings
      .filter(({ members }) => members.includes(member))
      .filter(({ role }) => (effectiveFrom[grantKey(role, member)] ?? 0) <= now)
      .map(({ role }) => role),
  );
  return new Set(roles.flatMap((role) => permissionsOf(context, role) ?? []));
}

/** The member name of a service account. */
export function memberOf(account: ServiceAccount): string {
  return `${ACCOUNT_MEMBER}${account.email}`;
}

/**
 * Renames a deleted account in every policy, or renames a restored one back: a new account with the same address
 * must not inherit the roles.
 *
 * @see https://cloud.google.com/iam/docs/policies#handle-deleted-members
 */
export function renameMember(policies: readonly Policy[], from: string, to: string): void {
  for (const policy of policies) {
    policy.bindings = policy.bindings.map(({ role, members }) => ({
      role,
      members: members.map((member) => (member === from ? to : member)),
    }));
  }
}

/** The member name of a deleted service account. */
export function deletedMemberOf(account: ServiceAccount): string {
  return `deleted:${memberOf(account)}?uid=${account.uniqueId}`;
}

function readBinding(context: GoogleContext, value: unknown): Binding {
  const binding = objectOf(value);
  const role = textOf(binding.role) ?? "";
  if (binding.condition !== undefined) {
    // The emulator cannot evaluate CEL, and ignoring a condition would grant too much.
    throw googleError(400, "The emulator does not support conditional role bindings.");
  }
  if (!permissionsOf(context, role)) {
    throw googleError(400, `Role ${role} is not supported for this resource.`);
  }
  return { role, members: textsOf(binding.members) };
}

/** One binding per role, sorted as Google returns them, without roles that have no member. */
function mergeBindings(bindings: readonly Binding[]): Binding[] {
  const members = new Map<string, Set<string>>();
  for (const binding of bindings) {
    const known = members.get(binding.role) ?? new Set();
    members.set(binding.role, new Set([...known, ...binding.members]));
  }
  return [...members]
    .filter(([, names]) => names.size > 0)
    .map(([role, names]) => ({ role, members: [...names].sort() }))
    .sort((a, b) => a.role.localeCompare(b.role));
}

function checkMembers(context: GoogleContext, bindings: readonly Binding[]): void {
  const live = new Set(
    context.state.accounts
      .filter(({ deletedAt }) => deletedAt === undefined)
      .map((account) => memberOf(account)),
  );
  for (const member of bindings.flatMap(({ members }) => members)) {
    // `serviceAccount:<pool>.svc.id.goog[<namespace>/<name>]` is a Kubernetes service account of GKE.
    if (member.startsWith(ACCOUNT_MEMBER) && !member.includes(".svc.id.goog[")) {
      if (!live.has(member)) {
        const email = member.slice(ACCOUNT_MEMBER.length);
        throw googleError(400, `Service account ${email} does not exist.`);
      }
    } else if (!member.includes(":") && !/^all(Authenticated)?Users$/.test(member)) {
      throw googleError(400, `Invalid member: ${member}.`);
    }
  }
}

/**
 * Domain-restricted sharing that does not include the project's own organization: a policy keeps its members, but
 * new members are refused.
 *
 * @see https://cloud.google.com/resource-manager/docs/organization-policy/restricting-domains
 */
function checkSharing(context: GoogleContext, policy: Policy, bindings: readonly Binding[]): void {
  const known = new Set(grantKeys(policy.bindings));
  const added = grantKeys(bindings).filter((key) => !known.has(key));
  if (!allowsOwnIdentities(context.state.settings.allowedMemberDomains) && added.length > 0) {
    throw constraintViolated(
      sharingConstraint,
      "orgpolicy:projects?configvalue=member",
      "One or more users named in the policy do not belong to a permitted customer.",
      "A user is not in permitted organization.",
    );
  }
}

function replaceBindings(
  context: GoogleContext,
  policy: Policy,
  bindings: readonly Binding[],
): void {
  const before = new Set(grantKeys(policy.bindings));
  const from = context.now() + context.state.settings.grantDelayMs;
  policy.effectiveFrom = Object.fromEntries(
    grantKeys(bindings).map((key) => [
      key,
      before.has(key) ? (policy.effectiveFrom[key] ?? 0) : from,
    ]),
  );
  policy.bindings = bindings;
  policy.etag = randomBytes(8).toString("base64");
}

function grantKeys(bindings: readonly Binding[]): string[] {
  return bindings.flatMap(({ role, members }) => members.map((member) => grantKey(role, member)));
}

function grantKey(role: string, member: string): string {
  return `${role} ${member}`;
}
