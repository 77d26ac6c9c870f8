import type { CloudAccess as CloudPlugins } from "../dns/access.ts";
import type { StateResource } from "./stackState.ts";

/** How the clouds are reached, and as whom: what their plugins are told, with Resource Manager's address beside. */
export interface CloudAccess extends CloudPlugins {
  /** Resource Manager's address, with version and trailing slash. */
  readonly resourceManagerEndpoint: string | undefined;
}

/**
 * Finds how the clouds are reached where Pulumi's plugins find it: in the environment
 * (https://www.pulumi.com/registry/packages/gcp and …/cloudflare, configuration), else in what the stack's state says of
 * them. Credentials in the state are encrypted, and so count as not there.
 */
export function cloudAccess(
  resources: readonly StateResource[],
  environment: NodeJS.ProcessEnv = process.env,
): CloudAccess {
  const find = (plugin: string, input: string, variable: string): string | undefined => {
    const provider = resources.find(({ type }) => type === `pulumi:providers:${plugin}`);
    const value = environment[variable] ?? provider?.inputs[input];
    return typeof value === "string" ? value : undefined;
  };
  return {
    googleCloud: {
      dnsEndpoint: find("gcp", "dnsCustomEndpoint", "GOOGLE_DNS_CUSTOM_ENDPOINT"),
      iamEndpoint: find("gcp", "iamBetaCustomEndpoint", "GOOGLE_IAM_BETA_CUSTOM_ENDPOINT"),
      accessToken: find("gcp", "accessToken", "GOOGLE_OAUTH_ACCESS_TOKEN"),
      credentials: find("gcp", "credentials", "GOOGLE_CREDENTIALS"),
    },
    cloudflare: {
      endpoint: find("cloudflare", "baseUrl", "CLOUDFLARE_BASE_URL"),
      apiToken: find("cloudflare", "apiToken", "CLOUDFLARE_API_TOKEN"),
    },
    resourceManagerEndpoint: find(
      "gcp",
      "resourceManagerCustomEndpoint",
      "GOOGLE_RESOURCE_MANAGER_CUSTOM_ENDPOINT",
    ),
  };
}
