/** How the clouds are reached, and as whom. Holds secrets; what is undefined is left to the vendors' own defaults. */
export interface CloudAccess {
  readonly googleCloud: GoogleCloudAccess;
  readonly cloudflare: CloudflareAccess;
}

/** How Google is reached, and as whom. The addresses have their version and a trailing slash. */
export interface GoogleCloudAccess {
  /** Cloud DNS's address. */
  readonly dnsEndpoint?: string | undefined;
  /** IAM's address. */
  readonly iamEndpoint?: string | undefined;
  /** Resource Manager's address. */
  readonly resourceManagerEndpoint?: string | undefined;
  readonly accessToken?: string | undefined;
  /** Content or path of a credentials file. */
  readonly credentials?: string | undefined;
}

/** How Cloudflare is reached, and as whom. */
export interface CloudflareAccess {
  /** The API's address. */
  readonly endpoint?: string | undefined;
  readonly apiToken?: string | undefined;
}

/** The clouds' plugins, as a stack's configuration and its state name them. */
type CloudPlugin = "gcp" | "cloudflare";

/**
 * What a stack says of a setting of a plugin, by the plugin's own name for it. Anything but text counts as not said: in
 * a state it is encrypted.
 */
export type PluginConfiguration = (plugin: CloudPlugin, setting: string) => unknown;

/**
 * Finds how the clouds are reached as Pulumi's plugins find it: as the stack says, else as the environment does
 * (https://www.pulumi.com/registry/packages/gcp and …/cloudflare, configuration).
 *
 * @param configured what the stack says
 * @param environment default: that of this process
 */
export function findAccess(
  configured: PluginConfiguration,
  environment: NodeJS.ProcessEnv = process.env,
): CloudAccess {
  const finder =
    (plugin: CloudPlugin) =>
    (setting: string, ...variables: readonly string[]) =>
      [configured(plugin, setting), ...variables.map((name) => environment[name])].find(
        (value) => typeof value === "string",
      );
  const gcp = finder("gcp");
  const cloudflare = finder("cloudflare");
  return {
    googleCloud: {
      dnsEndpoint: gcp("dnsCustomEndpoint", "GOOGLE_DNS_CUSTOM_ENDPOINT"),
      iamEndpoint: gcp("iamBetaCustomEndpoint", "GOOGLE_IAM_BETA_CUSTOM_ENDPOINT"),
      resourceManagerEndpoint: gcp(
        "resourceManagerCustomEndpoint",
        "GOOGLE_RESOURCE_MANAGER_CUSTOM_ENDPOINT",
      ),
      accessToken: gcp("accessToken", "GOOGLE_OAUTH_ACCESS_TOKEN"),
      credentials: gcp("credentials", "GOOGLE_CREDENTIALS"),
    },
    cloudflare: {
      endpoint: cloudflare("baseUrl", "CLOUDFLARE_BASE_URL"),
      apiToken: cloudflare("apiToken", "CLOUDFLARE_API_TOKEN"),
    },
  };
}
