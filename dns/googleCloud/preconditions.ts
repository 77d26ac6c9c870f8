import { gaxios, type AuthClient } from "google-auth-library";
import { isMap } from "../../lib/json.ts";
import type { GoogleCloudAccess } from "../access.ts";
import { operatorClient } from "./operator.ts";
import { keyConstraints, refusalIn, sharingConstraint, type GoogleRefusal } from "./refusal.ts";

/** What a service account with a key is to be made for. */
export interface KeyPlan {
  readonly project: string;
  /** Where its role is granted. */
  readonly grant: "zone" | "project";
}

/** How long Google may take to answer each question, in milliseconds. */
const patience = 10_000;

/**
 * What would keep Google from making a service account and a key for it, as far as the operator may know it: an API that
 * is not enabled, or a constraint of the organization's policy. What Google does not tell is left to the attempt.
 *
 * @param access how the plugin reaches Google
 * @throws RunError when the access cannot be used
 */
export async function keyObstacles(
  { project, grant }: KeyPlan,
  access: GoogleCloudAccess,
): Promise<readonly GoogleRefusal[]> {
  const client = await operatorClient(access);
  const {
    iamEndpoint = "https://iam.googleapis.com/v1/",
    resourceManagerEndpoint = "https://cloudresourcemanager.googleapis.com/v1/",
    orgPolicyEndpoint = "https://orgpolicy.googleapis.com/v2/",
  } = access;
  const found = await Promise.all([
    disabledService(client, {
      url: `${iamEndpoint}projects/${project}/serviceAccounts?pageSize=1`,
    }),
    ...(grant === "project"
      ? [
          disabledService(client, {
            url: `${resourceManagerEndpoint}projects/${project}:getIamPolicy`,
            method: "POST",
            data: {},
          }),
        ]
      : []),
    ...keyConstraints.map(async (constraint): Promise<GoogleRefusal | undefined> => {
      const enforced =
        (await enforcedByPolicy(client, {
          url: `${orgPolicyEndpoint}projects/${project}/policies/${constraint}:getEffectivePolicy`,
        })) ??
        // The older API, which needs no other to be enabled, knows the older constraint alone.
        (await enforcedByPolicy(client, {
          url: `${resourceManagerEndpoint}projects/${project}:getEffectiveOrgPolicy`,
          method: "POST",
          data: { constraint: `constraints/${constraint}` },
        }));
      return enforced === true ? { kind: "constraint", constraint } : undefined;
    }),
    forbidsOwnIdentities(client, project, { resourceManagerEndpoint, orgPolicyEndpoint }).then(
      (forbids): GoogleRefusal | undefined =>
        forbids ? { kind: "constraint", constraint: sharingConstraint } : undefined,
    ),
  ]);
  return found.filter((refusal) => refusal !== undefined);
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
  at: { readonly resourceManagerEndpoint: string; readonly orgPolicyEndpoint: string },
): Promise<boolean> {
  const { resourceManagerEndpoint, orgPolicyEndpoint } = at;
  const allowed =
    (await allowedValues(client, {
      url: `${orgPolicyEndpoint}projects/${project}/policies/${sharingConstraint}:getEffectivePolicy`,
    })) ??
    (await allowedValues(client, {
      url: `${resourceManagerEndpoint}projects/${project}:getEffectiveOrgPolicy`,
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
      url: `${resourceManagerEndpoint}projects/${project}:getAncestry`,
      method: "POST",
      data: {},
    });
    const id = ancestor.find(({ resourceId }) => resourceId?.type === "organization")?.resourceId
      ?.id;
    if (id === undefined || allowed.some((value) => value.endsWith(`/organizations/${id}`))) {
      return false;
    }
    const { owner } = await ask<Organization>(client, {
      url: `${resourceManagerEndpoint}organizations/${id}`,
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
