import type { Setting, Settings } from "../plugin.ts";

/** The format that the provider requires of a custom endpoint: a path that ends with a slash. */
const ENDPOINT = /.*\/[^/]+\/$/;

/**
 * Any of these as an input of the provider overrides all of them in the environment
 * (google-beta/provider/provider.go).
 */
const IDENTITIES: readonly string[] = ["externalCredentials", "accessToken", "credentials"];

/**
 * The relevant settings of the gcp provider, and their environment variables. `iamCustomEndpoint` and
 * `cloudResourceManagerCustomEndpoint` are missing, because the official plugin accepts and ignores them as of
 * google-beta 7.30.
 *
 * @see https://github.com/hashicorp/terraform-provider-google/issues/26814
 */
export const gcpSettings: Readonly<Record<string, Setting>> = {
  accessToken: { environment: ["GOOGLE_OAUTH_ACCESS_TOKEN"], unlessGiven: IDENTITIES },
  credentials: {
    environment: ["GOOGLE_CREDENTIALS", "GOOGLE_CLOUD_KEYFILE_JSON", "GCLOUD_KEYFILE_JSON"],
    unlessGiven: IDENTITIES,
  },
  /** The metadata server that Google's libraries use in place of that of a Google machine. */
  metadataHost: { environment: ["GCE_METADATA_HOST"] },
  externalCredentials: { environment: [] },
  /** The credentials that Google's libraries use if none of the three is set. */
  applicationDefault: { environment: ["GOOGLE_APPLICATION_CREDENTIALS"] },
  impersonateServiceAccount: { environment: ["GOOGLE_IMPERSONATE_SERVICE_ACCOUNT"] },
  impersonateServiceAccountDelegates: { environment: [] },
  scopes: { environment: [] },
  billingProject: { environment: ["GOOGLE_BILLING_PROJECT"] },
  userProjectOverride: { environment: ["USER_PROJECT_OVERRIDE"] },
  quotaProject: { environment: ["GOOGLE_CLOUD_QUOTA_PROJECT"] },
  /** The official plugin always uses Google's own endpoint; the stand-in uses only this one. */
  iamCredentialsCustomEndpoint: endpoint("GOOGLE_IAM_CREDENTIALS_CUSTOM_ENDPOINT"),
  project: {
    environment: [
      "GOOGLE_PROJECT",
      "GOOGLE_CLOUD_PROJECT",
      "GCLOUD_PROJECT",
      "CLOUDSDK_CORE_PROJECT",
    ],
  },
  disableGlobalProjectWarning: { environment: ["PULUMI_GCP_DISABLE_GLOBAL_PROJECT_WARNING"] },
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

/**
 * The official plugin's warning at each command if the provider has no project, regardless of its resources.
 *
 * @see https://github.com/pulumi/pulumi-gcp/blob/master/provider/errors/no_project.txt
 */
export function missingProject(settings: Settings): string | undefined {
  const { project, disableGlobalProjectWarning } = settings;
  return project !== undefined || disableGlobalProjectWarning === "true"
    ? undefined
    : `unable to detect a global setting for GCP Project.
Pulumi will rely on per-resource settings for this operation.
Set the GCP Project by using:
    \`pulumi config set gcp:project <project>\`
If you would like to disable this warning use:
    \`pulumi config set gcp:disableGlobalProjectWarning true\``;
}

function endpoint(variable: string): Setting {
  return {
    environment: [variable],
    check: (value) =>
      ENDPOINT.test(value) ? undefined : `"${value}" must end with a path and a slash, as in /v1/`,
  };
}
