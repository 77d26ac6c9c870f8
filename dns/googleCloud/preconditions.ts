import { gaxios, type AuthClient } from "google-auth-library";
import { isMap } from "../../lib/json.ts";
import type { GoogleCloudAccess } from "../access.ts";
import { operatorClient } from "./operator.ts";
import { keyConstraints, refusalIn, type GoogleRefusal } from "./refusal.ts";

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

/**
 * @see https://cloud.google.com/resource-manager/reference/rest/v1/Policy
 * @see https://cloud.google.com/resource-manager/docs/reference/orgpolicy/rest/v2/organizations.policies
 */
interface Policy {
  readonly booleanPolicy?: { readonly enforced?: boolean };
  readonly spec?: {
    readonly rules?: readonly { readonly enforce?: boolean; readonly condition?: unknown }[];
  };
}

async function ask<T>(client: AuthClient, call: gaxios.GaxiosOptions): Promise<T> {
  return (await client.request<T>({ ...call, retry: false, timeout: patience })).data;
}
