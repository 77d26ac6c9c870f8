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

/** What is to be made at Google. */
export interface CredentialPlan {
  readonly project: string;
  /** Name of the managed zone that the grant is for; undefined where it is not known yet. */
  readonly zone: string | undefined;
  /** What is to be made. */
  readonly steps: readonly CredentialStep[];
  /** The service account's e-mail address, where it is there already. */
  readonly account?: string | undefined;
  /** The role that is to be granted. */
  readonly role: string;
}

/** How long Google may take to answer each question, in milliseconds. */
const patience = 10_000;

/**
 * What would keep Google from making a service account, its grant and a key for it, as far as the operator may know it:
 * an API that is not enabled, a constraint of the organization's policy, a permission that the operator lacks, a role
 * that is not there or does not suffice. What Google does not tell is left to the attempt.
 *
 * @param access how the plugin reaches Google
 * @throws RunError when the access cannot be used
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

/** Whether Google tells what a role has: not to everybody, where it is a custom one. */
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
    // The older API, which needs no other to be enabled, knows the older constraint alone.
    (await enforcedByPolicy(client, {
      url: `${at.resourceManager}projects/${project}:getEffectiveOrgPolicy`,
      method: "POST",
      data: { constraint: `constraints/${constraint}` },
    }));
  return enforced === true ? { kind: "constraint", constraint } : undefined;
}

/**
 * The permissions that a step takes and the operator lacks. Each is asked where it may be granted: a zone, and an account,
 * tell what the project's grants give there, too.
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
    // Before the account is there, only the project can say it.
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

/** What a role lacks of what a challenge takes, as far as Google tells. */
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
 * What Google tells of a role; undefined where it tells nothing.
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

/** Whether a policy is enforced, in the form of either API; undefined where Google does not tell. */
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
    // A rule with a condition is about tags, of which it is not known whether the project has them.
    const conditional = rules.some((rule) => isMap(rule.condition) && rule.enforce !== true);
    return !conditional && rules.some((rule) => rule.enforce === true && !isMap(rule.condition));
  } catch {
    return undefined;
  }
}

/** A list of whose identities may get roles, of which every form is known. */
const customerOrOrganization =
  /^(?:is:)?(?:C[0-9a-z]+|principalSet:\/\/iam\.googleapis\.com\/organizations\/\d+)$/;

/**
 * Whether domain-restricted sharing surely keeps a service account of the project from getting a role: the policy lists
 * customers and organizations, and none of them is the project's own. Most policies list that, and what Google does not
 * tell, or a list has besides, is left to the attempt.
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

/** What a list policy allows, in the form of either API; undefined where Google does not tell, or it is about tags. */
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
