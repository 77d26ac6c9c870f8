import type { Setting } from "../plugin.ts";

/** The form that the provider asks of a custom endpoint: a path that ends with a slash. */
const ENDPOINT = /.*\/[^/]+\/$/;

/** Any of them as an input of the provider rules out those of the environment (google-beta/provider/provider.go). */
const IDENTITIES: readonly string[] = ["externalCredentials", "accessToken", "credentials"];

/**
 * The settings of the gcp provider that matter to the resources here, and the environment variables that stand in for
 * them. `iamCustomEndpoint` and `cloudResourceManagerCustomEndpoint` are not among them: the official plugin accepts
 * and ignores them as of google-beta 7.30.
 *
 * @see https://github.com/hashicorp/terraform-provider-google/issues/26814
 */
export const gcpSettings: Readonly<Record<string, Setting>> = {
  accessToken: { environment: ["GOOGLE_OAUTH_ACCESS_TOKEN"], unlessGiven: IDENTITIES },
  credentials: {
    environment: ["GOOGLE_CREDENTIALS", "GOOGLE_CLOUD_KEYFILE_JSON", "GCLOUD_KEYFILE_JSON"],
    unlessGiven: IDENTITIES,
  },
  externalCredentials: { environment: [] },
  /** What Google's libraries look for where there is none of the three. */
  applicationDefault: { environment: ["GOOGLE_APPLICATION_CREDENTIALS"] },
  impersonateServiceAccount: { environment: ["GOOGLE_IMPERSONATE_SERVICE_ACCOUNT"] },
  impersonateServiceAccountDelegates: { environment: [] },
  scopes: { environment: [] },
  billingProject: { environment: ["GOOGLE_BILLING_PROJECT"] },
  userProjectOverride: { environment: ["USER_PROJECT_OVERRIDE"] },
  quotaProject: { environment: ["GOOGLE_CLOUD_QUOTA_PROJECT"] },
  /** The official plugin asks Google's own address whatever this says; the stand-in asks no other than it is told. */
  iamCredentialsCustomEndpoint: endpoint("GOOGLE_IAM_CREDENTIALS_CUSTOM_ENDPOINT"),
  project: {
    environment: [
      "GOOGLE_PROJECT",
      "GOOGLE_CLOUD_PROJECT",
      "GCLOUD_PROJECT",
      "CLOUDSDK_CORE_PROJECT",
    ],
  },
  deletionPolicy: { environment: [], check: checkDeletionPolicy },
  iamBetaCustomEndpoint: endpoint("GOOGLE_IAM_BETA_CUSTOM_ENDPOINT"),
  resourceManagerCustomEndpoint: endpoint("GOOGLE_RESOURCE_MANAGER_CUSTOM_ENDPOINT"),
  dnsCustomEndpoint: endpoint("GOOGLE_DNS_CUSTOM_ENDPOINT"),
};

/** What is wrong with a deletion policy, or undefined. */
export function checkDeletionPolicy(value: unknown): string | undefined {
  return ["DELETE", "ABANDON", "PREVENT"].includes(String(value))
    ? undefined
    : 'expected one of "DELETE", "ABANDON" and "PREVENT"';
}

function endpoint(variable: string): Setting {
  return {
    environment: [variable],
    check: (value) =>
      ENDPOINT.test(value) ? undefined : `"${value}" must end with a path and a slash, as in /v1/`,
  };
}
