import { gaxios, type AuthClient } from "google-auth-library";
import { isMap } from "../../lib/json.ts";
import type { GoogleCloudAccess } from "../access.ts";
import { operatorClient } from "./operator.ts";
import {
  challengePermissions,
  defaultDnsRole,
  stepNeeds,
  type CredentialStep,
} from "./permissions.ts";
import { keyConstraints, refusalIn, sharingConstraint, type GoogleRefusal } from "./refusal.ts";
import { googleDns } from "./zones.ts";

/** The resources that a run will create at Google. */
export interface CredentialPlan {
  readonly project: string;
  /** Name of the managed zone of the grant; undefined where it is not known yet. */
  readonly zone: string | undefined;
  /** The steps of the run. */
  readonly steps: readonly CredentialStep[];
  /** The service account's e-mail address, where the account exists already. */
  readonly account?: string | undefined;
  /** The role of the grant. */
  readonly role: string;
}

/** Time limit of each call to Google, in milliseconds. */
const patience = 10_000;

/**
 * Finds the obstacles to creating a service account, its grant and its key, as far as the operator may read them: an API
 * that is not enabled, a constraint of the organization's policy, a missing permission of the operator, a role that does
 * not exist or lacks permissions. The attempt shows all others.
 *
 * @param access endpoints and identity of the plugin
 * @throws RunError when the credentials are missing or unusable
 */
export async function credentialObstacles(
  plan: CredentialPlan,
  access: GoogleCloudAccess,
): Promise<readonly GoogleRefusal[]> {
  const client = await operatorClient(access);
  const { project, steps, role } = plan;
  const at = addresses(access);
  const ifIn = <T>(kind: readonly CredentialStep[], questions: () => readonly T[]) =>
    steps.some((step) => kind.includes(step)) ? questions() : [];
  const found = await Promise.all([
    ...ifIn(["account", "key"], () => [
      disabledService(client, { url: `${at.iam}projects/${project}/serviceAccounts?pageSize=1` }),
    ]),
    ...ifIn(["projectGrant"], () => [
      disabledService(client, {
        url: `${at.resourceManager}projects/${project}:getIamPolicy`,
        method: "POST",
        data: {},
      }),
    ]),
    ...ifIn(["key"], () =>
      keyConstraints.map((constraint) => enforcedConstraint(client, at, project, constraint)),
    ),
    ...ifIn(["zoneGrant", "projectGrant"], () => [
      forbidsOwnIdentities(client, project, at).then((forbids): GoogleRefusal | undefined =>
        forbids ? { kind: "constraint", constraint: sharingConstraint } : undefined,
      ),
    ]),
    ...steps.map((step) => missingPermissions(client, at, plan, step)),
    ...ifIn(["zoneGrant", "projectGrant"], () => [insufficientRole(client, at, role)]),
  ]);
  return found.filter((refusal) => refusal !== undefined);
}

/** Whether the operator may read a role. A custom role needs a permission for that. */
export async function isRoleReadable(role: string, access: GoogleCloudAccess): Promise<boolean> {
  return (await roleAnswer(await operatorClient(access), addresses(access), role)) !== undefined;
}

interface Addresses {
  readonly iam: string;
  readonly resourceManager: string;
  readonly orgPolicy: string;
  readonly dns: string;
}

function addresses(access: GoogleCloudAccess): Addresses {
  return {
    iam: access.iamEndpoint ?? "https://iam.googleapis.com/v1/",
    resourceManager:
      access.resourceManagerEndpoint ?? "https://cloudresourcemanager.googleapis.com/v1/",
    orgPolicy: access.orgPolicyEndpoint ?? "https://orgpolicy.googleapis.com/v2/",
    dns: access.dnsEndpoint ?? googleDns,
  };
}

async function enforcedConstraint(
  client: AuthClient,
  at: Addresses,
  project: string,
  constraint: string,
): Promise<GoogleRefusal | undefined> {
  const enforced =
    (await enforcedByPolicy(client, {
      url: `${at.orgPolicy}projects/${project}/policies/${constraint}:getEffectivePolicy`,
    })) ??
    // The older API needs no further enabled API, but has only the older constraint.
    (await enforcedByPolicy(client, {
      url: `${at.resourceManager}projects/${project}:getEffectiveOrgPolicy`,
      method: "POST",
      data: { constraint: `constraints/${constraint}` },
    }));
  return enforced === true ? { kind: "constraint", constraint } : undefined;
}

/**
 * The missing permissions of a step. Each is tested on the resource that it can be granted on: the answer for a zone or an
 * account includes the project's grants.
 */
async function missingPermissions(
  client: AuthClient,
  at: Addresses,
  { project, zone, account }: CredentialPlan,
  step: CredentialStep,
): Promise<GoogleRefusal | undefined> {
  const { place, permissions } = stepNeeds[step];
  const ofProject = `${at.resourceManager}projects/${project}`;
  const resource = {
    project: ofProject,
    zone: zone === undefined ? undefined : `${at.dns}projects/${project}/managedZones/${zone}`,
    // Before the account exists, only the project can be tested.
    account: account === undefined ? ofProject : `${at.iam}projects/-/serviceAccounts/${account}`,
  }[place];
  if (resource === undefined) {
    return undefined;
  }
  try {
    const { permissions: held = [] } = await ask<{ readonly permissions?: readonly string[] }>(
      client,
      { url: `${resource}:testIamPermissions`, method: "POST", data: { permissions } },
    );
    const missing = permissions.filter((permission) => !held.includes(permission));
    return missing.length === 0
      ? undefined
      : { kind: "permissions", step, missing, isForeseen: true };
  } catch {
    return undefined;
  }
}

/** The permissions for a challenge that a role lacks, as far as the role is readable. */
async function insufficientRole(
  client: AuthClient,
  at: Addresses,
  role: string,
): Promise<GoogleRefusal | undefined> {
  if (role === defaultDnsRole) {
    return undefined;
  }
  const answer = await roleAnswer(client, at, role);
  if (answer === undefined) {
    return undefined;
  }
  const missing = challengePermissions.filter(
    (permission) => !answer.permissions.includes(permission),
  );
  return !answer.isThere || missing.length > 0
    ? { kind: "role", role, isThere: answer.isThere, missing }
    : undefined;
}

/**
 * Reads a role; undefined where the operator may not read it.
 *
 * @see https://cloud.google.com/iam/docs/reference/rest/v1/projects.roles/get
 */
async function roleAnswer(
  client: AuthClient,
  at: Addresses,
  role: string,
): Promise<{ readonly isThere: boolean; readonly permissions: readonly string[] } | undefined> {
  try {
    const { includedPermissions = [], deleted = false } = await ask<{
      readonly includedPermissions?: readonly string[];
      readonly deleted?: boolean;
    }>(client, { url: `${at.iam}${role}` });
    return { isThere: !deleted, permissions: includedPermissions };
  } catch (error) {
    return error instanceof gaxios.GaxiosError && error.status === 404
      ? { isThere: false, permissions: [] }
      : undefined;
  }
}

async function disabledService(
  client: AuthClient,
  call: gaxios.GaxiosOptions,
): Promise<GoogleRefusal | undefined> {
  try {
    await ask(client, call);
    return undefined;
  } catch (error) {
    const refusal =
      error instanceof gaxios.GaxiosError ? refusalIn(error.response?.data) : undefined;
    return refusal?.kind === "service disabled" ? refusal : undefined;
  }
}

/** Whether a policy is enforced, in the form of either API; undefined where the operator may not read it. */
async function enforcedByPolicy(
  client: AuthClient,
  call: gaxios.GaxiosOptions,
): Promise<boolean | undefined> {
  try {
    const { booleanPolicy, spec } = await ask<Policy>(client, call);
    if (spec === undefined) {
      return booleanPolicy?.enforced === true;
    }
    const { rules = [] } = spec;
    // A condition of a rule is about tags, and the project's tags are unknown.
    const conditional = rules.some((rule) => isMap(rule.condition) && rule.enforce !== true);
    return !conditional && rules.some((rule) => rule.enforce === true && !isMap(rule.condition));
  } catch {
    return undefined;
  }
}

/** The known forms of entries in a list of identities that may be granted roles. */
const customerOrOrganization =
  /^(?:is:)?(?:C[0-9a-z]+|principalSet:\/\/iam\.googleapis\.com\/organizations\/\d+)$/;

/**
 * Whether domain-restricted sharing certainly forbids a role for a service account of the project: the policy lists only
 * customers and organizations, and the project's own is not among them. Most policies include it. A policy that is
 * unreadable or has other entries is left to the attempt.
 *
 * @see https://cloud.google.com/resource-manager/docs/organization-policy/restricting-domains
 */
async function forbidsOwnIdentities(
  client: AuthClient,
  project: string,
  at: Addresses,
): Promise<boolean> {
  const allowed =
    (await allowedValues(client, {
      url: `${at.orgPolicy}projects/${project}/policies/${sharingConstraint}:getEffectivePolicy`,
    })) ??
    (await allowedValues(client, {
      url: `${at.resourceManager}projects/${project}:getEffectiveOrgPolicy`,
      method: "POST",
      data: { constraint: `constraints/${sharingConstraint}` },
    }));
  if (
    allowed === "anybody" ||
    allowed?.every((value) => customerOrOrganization.test(value)) !== true
  ) {
    return false;
  }
  try {
    const { ancestor = [] } = await ask<Ancestry>(client, {
      url: `${at.resourceManager}projects/${project}:getAncestry`,
      method: "POST",
      data: {},
    });
    const id = ancestor.find(({ resourceId }) => resourceId?.type === "organization")?.resourceId
      ?.id;
    if (id === undefined || allowed.some((value) => value.endsWith(`/organizations/${id}`))) {
      return false;
    }
    const { owner } = await ask<Organization>(client, {
      url: `${at.resourceManager}organizations/${id}`,
    });
    const customer = owner?.directoryCustomerId;
    return (
      customer !== undefined && !allowed.some((value) => value.replace(/^is:/, "") === customer)
    );
  } catch {
    return false;
  }
}

/** The values that a list policy allows, in the form of either API: "anybody" for all, or with conditions about tags; undefined where it is unreadable. */
async function allowedValues(
  client: AuthClient,
  call: gaxios.GaxiosOptions,
): Promise<readonly string[] | "anybody" | undefined> {
  try {
    const { listPolicy, spec } = await ask<Policy>(client, call);
    if (spec === undefined) {
      const { allValues, allowedValues } = listPolicy ?? {};
      return allValues === "DENY" ? [] : (allowedValues ?? "anybody");
    }
    const { rules = [] } = spec;
    if (rules.some(({ condition }) => isMap(condition))) {
      return "anybody";
    }
    if (rules.some(({ denyAll }) => denyAll === true)) {
      return [];
    }
    const values = rules.map(({ values }) => values?.allowedValues);
    return values.some((list) => list === undefined)
      ? "anybody"
      : values.flatMap((list = []) => list);
  } catch {
    return undefined;
  }
}

/** @see https://cloud.google.com/resource-manager/reference/rest/v1/projects/getAncestry */
interface Ancestry {
  readonly ancestor?: readonly {
    readonly resourceId?: { readonly type?: string; readonly id?: string };
  }[];
}

/** @see https://cloud.google.com/resource-manager/reference/rest/v1/organizations */
interface Organization {
  readonly owner?: { readonly directoryCustomerId?: string };
}

/**
 * @see https://cloud.google.com/resource-manager/reference/rest/v1/Policy
 * @see https://cloud.google.com/resource-manager/docs/reference/orgpolicy/rest/v2/organizations.policies
 */
interface Policy {
  readonly booleanPolicy?: { readonly enforced?: boolean };
  readonly listPolicy?: {
    readonly allValues?: string;
    readonly allowedValues?: readonly string[];
  };
  readonly spec?: {
    readonly rules?: readonly {
      readonly enforce?: boolean;
      readonly denyAll?: boolean;
      readonly values?: { readonly allowedValues?: readonly string[] };
      readonly condition?: unknown;
    }[];
  };
}

async function ask<T>(client: AuthClient, call: gaxios.GaxiosOptions): Promise<T> {
  return (await client.request<T>({ ...call, retry: false, timeout: patience })).data;
}
