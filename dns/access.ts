import { isMap, parseJson } from "../lib/json.ts";

/** Endpoints and identities for Google Cloud and Cloudflare. Holds secrets. An undefined field takes the vendor's default. */
export interface CloudAccess {
  readonly googleCloud: GoogleCloudAccess;
  readonly cloudflare: CloudflareAccess;
}

/** Endpoints and identity for Google Cloud. Each endpoint includes the API version and a trailing slash. */
export interface GoogleCloudAccess {
  /** Endpoint of Cloud DNS. */
  readonly dnsEndpoint?: string | undefined;
  /** Endpoint of IAM. */
  readonly iamEndpoint?: string | undefined;
  /** Endpoint of Resource Manager. */
  readonly resourceManagerEndpoint?: string | undefined;
  /** Endpoint of the IAM Service Account Credentials API, which issues tokens for impersonated accounts. */
  readonly iamCredentialsEndpoint?: string | undefined;
  /** Endpoint of Organization Policy. */
  readonly orgPolicyEndpoint?: string | undefined;
  /** An access token, or the path of a file that holds one. */
  readonly accessToken?: string | undefined;
  /** Content or path of a credentials file. */
  readonly credentials?: string | undefined;
  /** A token of another identity provider, exchanged for a Google token (Workload Identity Federation). */
  readonly externalCredentials?: ExternalCredentials | undefined;
  /** E-mail address of the service account to impersonate, with the identity of the other fields. */
  readonly impersonateServiceAccount?: string | undefined;
  /** The delegation chain. Each account may impersonate the next. */
  readonly impersonateServiceAccountDelegates?: readonly string[] | undefined;
  /** OAuth scopes. Default: all of Google Cloud. */
  readonly scopes?: readonly string[] | undefined;
  /** The project whose quota the calls count against. Default: the credentials file's, if it names one. */
  readonly quotaProject?: string | undefined;
  /** The universe domain. Default `googleapis.com`. */
  readonly universeDomain?: string | undefined;
  readonly sources?: Sources | undefined;
  /** Name of the stack, for `pulumi config` commands. */
  readonly stack?: string | undefined;
}

/** The fields of `gcp:externalCredentials`. */
export interface ExternalCredentials {
  /** The workload identity pool's provider, as the token's audience. */
  readonly audience: string;
  /** E-mail address of the service account that the token is exchanged for. */
  readonly serviceAccountEmail: string;
  /** The token. */
  readonly identityToken: string;
}

/** Endpoint and identity for Cloudflare. As in the plugin, every identity field that is set is sent. */
export interface CloudflareAccess {
  /** Endpoint of the API. */
  readonly endpoint?: string | undefined;
  readonly apiToken?: string | undefined;
  /** The global API key of the user with {@link email}. */
  readonly apiKey?: string | undefined;
  readonly email?: string | undefined;
  /** A key for Cloudflare's Origin CA. */
  readonly userServiceKey?: string | undefined;
  readonly sources?: Sources | undefined;
  /** Name of the stack, for `pulumi config` commands. */
  readonly stack?: string | undefined;
}

/** The source of each field: a setting of the stack, such as `gcp:credentials`, or an environment variable. */
export type Sources = Readonly<Record<string, string>>;

/** The DNS providers' plugins, by their names in a stack's configuration and state. */
export type CloudPlugin = "gcp" | "cloudflare";

/**
 * Reads a plugin's setting from a stack, by the plugin's name for the setting. Objects and lists are JSON. A value that is
 * not text counts as unset: a state has such a value only where it is encrypted.
 */
export type PluginConfiguration = (plugin: CloudPlugin, setting: string) => unknown;

/** A field's value and its source. */
interface SourcedValue {
  readonly value: string;
  readonly source: string;
}

/** If the stack sets any of these, the plugin does not read the others from the environment. */
const googleIdentities = ["externalCredentials", "accessToken", "credentials"] as const;

/** Settings of the plugins' identities, which a stack encrypts. */
export const identitySettings: Readonly<Record<CloudPlugin, readonly string[]>> = {
  gcp: googleIdentities,
  cloudflare: ["apiToken", "apiKey", "apiUserServiceKey"],
};

/**
 * Resolves endpoints and identities as Pulumi's plugins do: from the stack, else from the environment. An empty value
 * counts as unset.
 *
 * Google (hashicorp/terraform-provider-google-beta, google-beta/provider/provider.go, ProviderConfigure, and
 * google-beta/transport/config.go): an identity of the stack overrides all identities of the environment, and an access
 * token takes precedence over a credentials file. Impersonation and the remaining settings are resolved independently.
 * Without an identity, Google's libraries search for one, beginning with GOOGLE_APPLICATION_CREDENTIALS.
 *
 * Cloudflare (cloudflare/terraform-provider-cloudflare, internal/provider.go, Configure): each setting is resolved
 * independently, and every setting that is found is sent.
 *
 * @param configured reads the stack's settings
 * @param environment default: the environment of this process
 * @param stack the stack's name, for commands. Default: unknown
 */
export function findAccess(
  configured: PluginConfiguration,
  environment: NodeJS.ProcessEnv = process.env,
  stack?: string,
): CloudAccess {
  return {
    googleCloud: defined({
      ...googleCloudAccess(new Finder("gcp", configured, environment)),
      stack,
    }),
    cloudflare: defined({
      ...cloudflareAccess(new Finder("cloudflare", configured, environment)),
      stack,
    }),
  };
}

/** Finds the settings of one plugin. */
class Finder {
  private readonly plugin: CloudPlugin;
  private readonly configured: PluginConfiguration;
  private readonly environment: NodeJS.ProcessEnv;

  constructor(
    plugin: CloudPlugin,
    configured: PluginConfiguration,
    environment: NodeJS.ProcessEnv,
  ) {
    this.plugin = plugin;
    this.configured = configured;
    this.environment = environment;
  }

  setting(setting: string): SourcedValue | undefined {
    return sourced(this.configured(this.plugin, setting), `${this.plugin}:${setting}`);
  }

  variable(...names: readonly string[]): SourcedValue | undefined {
    return names
      .map((name) => sourced(this.environment[name], name))
      .find((found) => found !== undefined);
  }

  either(setting: string, ...variables: readonly string[]): SourcedValue | undefined {
    return this.setting(setting) ?? this.variable(...variables);
  }
}

/** Removes blanks around a value. A line break stays, so that `refuseUnusable` detects it. */
function sourced(text: unknown, source: string): SourcedValue | undefined {
  return typeof text === "string" && text.trim() !== ""
    ? { value: text.replace(/^[ \t]+|[ \t]+$/g, ""), source }
    : undefined;
}

function googleCloudAccess(find: Finder): GoogleCloudAccess {
  const external = find.setting("externalCredentials");
  const stackNames = googleIdentities.some((setting) => find.setting(setting) !== undefined);
  const identity = (setting: string, ...variables: readonly string[]) =>
    // The plugin accepts no other identity together with external credentials (ConflictsWith).
    external === undefined ? find.either(setting, ...(stackNames ? [] : variables)) : undefined;
  const override = find.either("userProjectOverride", "USER_PROJECT_OVERRIDE");
  const billing = find.either("billingProject", "GOOGLE_BILLING_PROJECT");
  const found = {
    dnsEndpoint: find.either("dnsCustomEndpoint", "GOOGLE_DNS_CUSTOM_ENDPOINT"),
    iamEndpoint: find.either("iamBetaCustomEndpoint", "GOOGLE_IAM_BETA_CUSTOM_ENDPOINT"),
    resourceManagerEndpoint: find.either(
      "resourceManagerCustomEndpoint",
      "GOOGLE_RESOURCE_MANAGER_CUSTOM_ENDPOINT",
    ),
    iamCredentialsEndpoint: find.either(
      "iamCredentialsCustomEndpoint",
      "GOOGLE_IAM_CREDENTIALS_CUSTOM_ENDPOINT",
    ),
    orgPolicyEndpoint: find.either("orgPolicyCustomEndpoint", "GOOGLE_ORG_POLICY_CUSTOM_ENDPOINT"),
    accessToken: identity("accessToken", "GOOGLE_OAUTH_ACCESS_TOKEN"),
    credentials: identity(
      "credentials",
      "GOOGLE_CREDENTIALS",
      "GOOGLE_CLOUD_KEYFILE_JSON",
      "GCLOUD_KEYFILE_JSON",
    ),
    // The plugin does not impersonate with external credentials: they are exchanged for an account's token already.
    impersonateServiceAccount:
      external === undefined
        ? find.either("impersonateServiceAccount", "GOOGLE_IMPERSONATE_SERVICE_ACCOUNT")
        : undefined,
    // The plugin sends its billing project only with an override. Its libraries read the variable themselves.
    quotaProject:
      (isTrue(override) ? billing : undefined) ?? find.variable("GOOGLE_CLOUD_QUOTA_PROJECT"),
    universeDomain: find.either("universeDomain", "GOOGLE_CLOUD_UNIVERSE_DOMAIN"),
  };
  return defined({
    ...valuesOf(found),
    externalCredentials: externalIdentity(external),
    impersonateServiceAccountDelegates: texts(find.setting("impersonateServiceAccountDelegates")),
    scopes: texts(find.setting("scopes")),
    sources: sourcesOf({ ...found, externalCredentials: external }),
  });
}

function cloudflareAccess(find: Finder): CloudflareAccess {
  const found = {
    endpoint: find.either("baseUrl", "CLOUDFLARE_BASE_URL"),
    apiToken: find.either("apiToken", "CLOUDFLARE_API_TOKEN"),
    apiKey: find.either("apiKey", "CLOUDFLARE_API_KEY"),
    email: find.either("email", "CLOUDFLARE_EMAIL"),
    userServiceKey: find.either("apiUserServiceKey", "CLOUDFLARE_API_USER_SERVICE_KEY"),
  };
  return defined({ ...valuesOf(found), sources: sourcesOf(found) });
}

function valuesOf<Field extends string>(
  found: Readonly<Record<Field, SourcedValue | undefined>>,
): Partial<Record<Field, string>> {
  const entries = Object.entries<SourcedValue | undefined>(found);
  return Object.fromEntries(
    entries.flatMap(([field, one]) => (one === undefined ? [] : [[field, one.value]])),
  ) as Partial<Record<Field, string>>;
}

function sourcesOf(found: Readonly<Record<string, SourcedValue | undefined>>): Sources {
  return Object.fromEntries(
    Object.entries(found).flatMap(([field, one]) =>
      one === undefined ? [] : [[field, one.source]],
    ),
  );
}

/** Omits the undefined fields. */
function defined<T extends object>(fields: T): T {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as T;
}

/** Parses a boolean as Go does (https://pkg.go.dev/strconv#ParseBool). */
function isTrue(found: SourcedValue | undefined): boolean {
  return /^(1|t|true)$/i.test(found?.value ?? "");
}

function texts(found: SourcedValue | undefined): readonly string[] | undefined {
  const list = parseJson(found?.value);
  return Array.isArray(list)
    ? list.filter((item): item is string => typeof item === "string")
    : undefined;
}

function externalIdentity(found: SourcedValue | undefined): ExternalCredentials | undefined {
  if (found === undefined) {
    return undefined;
  }
  const parsed = parseJson(found.value);
  const fields = isMap(parsed) ? parsed : {};
  const field = (name: string) => {
    const value = fields[name];
    return typeof value === "string" ? value.trim() : "";
  };
  return {
    audience: field("audience"),
    serviceAccountEmail: field("serviceAccountEmail"),
    identityToken: field("identityToken"),
  };
}
