import type { Setting, Settings } from "../plugin.ts";

/** The form that the provider asks of a custom endpoint: a path that ends with a slash. */
const ENDPOINT = /.*\/[^/]+\/$/;

/**
 * The settings of the gcp provider that matter to the resources here, and the environment variables that stand in for
 * them. `iamCustomEndpoint` and `cloudResourceManagerCustomEndpoint` are not among them: the official plugin accepts
 * and ignores them as of google-beta 7.30.
 *
 * @see https://github.com/hashicorp/terraform-provider-google/issues/26814
 */
export const gcpSettings: Readonly<Record<string, Setting>> = {
  accessToken: { environment: ["GOOGLE_OAUTH_ACCESS_TOKEN"] },
  credentials: {
    environment: [
      "GOOGLE_CREDENTIALS",
      "GOOGLE_CLOUD_KEYFILE_JSON",
      "GCLOUD_KEYFILE_JSON",
      "GOOGLE_APPLICATION_CREDENTIALS",
    ],
  },
  /** Where Google's libraries look for the metadata server in place of a machine of Google's. */
  metadataHost: { environment: ["GCE_METADATA_HOST"] },
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
 * What the official plugin says at each command where the provider has no project, whatever its resources say.
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
