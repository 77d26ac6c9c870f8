import { isMap, parseJson } from "../lib/json.ts";

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
  /** Address of the IAM Service Account Credentials API, which gives tokens of accounts that are impersonated. */
  readonly iamCredentialsEndpoint?: string | undefined;
  /** Organization Policy's address. */
  readonly orgPolicyEndpoint?: string | undefined;
  /** An access token, or the path of a file that holds one. */
  readonly accessToken?: string | undefined;
  /** Content or path of a credentials file. */
  readonly credentials?: string | undefined;
  /** A token of another identity provider, to be exchanged (Workload Identity Federation). */
  readonly externalCredentials?: ExternalCredentials | undefined;
  /** E-mail address of the service account to act as, with the rights of whoever the rest says. */
  readonly impersonateServiceAccount?: string | undefined;
  /** Accounts in between, each of which may act as the next. */
  readonly impersonateServiceAccountDelegates?: readonly string[] | undefined;
  /** OAuth scopes. Default: all of Google Cloud. */
  readonly scopes?: readonly string[] | undefined;
  /** The project that calls are counted for. Default: that of the credentials file, if it names one. */
  readonly quotaProject?: string | undefined;
  /** The cloud's own domain. Default `googleapis.com`. */
  readonly universeDomain?: string | undefined;
  readonly sources?: Sources | undefined;
  /** Name of the stack, for commands that set something in it. */
  readonly stack?: string | undefined;
}

/** What `gcp:externalCredentials` holds. */
export interface ExternalCredentials {
  /** The workload identity pool's provider, as the token's audience. */
  readonly audience: string;
  /** E-mail address of the service account that the token stands for. */
  readonly serviceAccountEmail: string;
  /** The token. */
  readonly identityToken: string;
}

/** How Cloudflare is reached, and as whom: whatever is said of the identity is sent, as the plugin does. */
export interface CloudflareAccess {
  /** The API's address. */
  readonly endpoint?: string | undefined;
  readonly apiToken?: string | undefined;
  /** The global API key of the user with {@link email}. */
  readonly apiKey?: string | undefined;
  readonly email?: string | undefined;
  /** A key for Cloudflare's Origin CA. */
  readonly userServiceKey?: string | undefined;
  readonly sources?: Sources | undefined;
  /** Name of the stack, for commands that set something in it. */
  readonly stack?: string | undefined;
}

/** Where each field was said: a setting of the stack, such as `gcp:credentials`, or a variable of the environment. */
export type Sources = Readonly<Record<string, string>>;

/** The clouds' plugins, as a stack's configuration and its state name them. */
export type CloudPlugin = "gcp" | "cloudflare";

/**
 * What a stack says of a setting of a plugin, by the plugin's own name for it. Objects and lists are JSON. Anything but
 * text counts as not said: in a state it is encrypted.
 */
export type PluginConfiguration = (plugin: CloudPlugin, setting: string) => unknown;

/** A field's value, and where it was said. */
interface Said {
  readonly value: string;
  readonly source: string;
}

/** The settings of which any, said by the stack, keeps the plugin from looking into the environment for the others. */
const googleIdentities = ["externalCredentials", "accessToken", "credentials"] as const;

/** Settings with which the plugins say who they are: those that a stack encrypts. */
export const identitySettings: Readonly<Record<CloudPlugin, readonly string[]>> = {
  gcp: googleIdentities,
  cloudflare: ["apiToken", "apiKey", "apiUserServiceKey"],
};

/**
 * Finds how the clouds are reached as Pulumi's plugins find it: as the stack says, else as the environment does. What is
 * empty counts as not said.
 *
 * Google (hashicorp/terraform-provider-google-beta, google-beta/provider/provider.go, ProviderConfigure, and
 * google-beta/transport/config.go): an identity that the stack names rules out those of the environment, and an access
 * token wins over a credentials file. Impersonation, and what remains of the settings, is found by itself; without an
 * identity Google's libraries look for one, beginning with GOOGLE_APPLICATION_CREDENTIALS.
 *
 * Cloudflare (cloudflare/terraform-provider-cloudflare, internal/provider.go, Configure): each setting is found by
 * itself, and all that are found are sent.
 *
 * @param configured what the stack says
 * @param environment default: that of this process
 * @param stack the stack's name, for commands. Default: not known
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

/** Looks for what is said of one plugin. */
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

  setting(setting: string): Said | undefined {
    return said(this.configured(this.plugin, setting), `${this.plugin}:${setting}`);
  }

  variable(...names: readonly string[]): Said | undefined {
    return names
      .map((name) => said(this.environment[name], name))
      .find((found) => found !== undefined);
  }

  either(setting: string, ...variables: readonly string[]): Said | undefined {
    return this.setting(setting) ?? this.variable(...variables);
  }
}

/** Blanks around a value are not part of it; a line break is left, for `refuseUnusable` to find. */
function said(text: unknown, source: string): Said | undefined {
  return typeof text === "string" && text.trim() !== ""
    ? { value: text.replace(/^[ \t]+|[ \t]+$/g, ""), source }
    : undefined;
}

function googleCloudAccess(find: Finder): GoogleCloudAccess {
  const external = find.setting("externalCredentials");
  const stackNames = googleIdentities.some((setting) => find.setting(setting) !== undefined);
  const identity = (setting: string, ...variables: readonly string[]) =>
    // Without a further identity beside that of the other provider: the plugin knows one of them only (ConflictsWith).
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
    // The plugin does not impersonate with another provider's token: that stands for an account already.
    impersonateServiceAccount:
      external === undefined
        ? find.either("impersonateServiceAccount", "GOOGLE_IMPERSONATE_SERVICE_ACCOUNT")
        : undefined,
    // The plugin sends its own only with an override; the libraries beneath it look for one themselves.
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
  found: Readonly<Record<Field, Said | undefined>>,
): Partial<Record<Field, string>> {
  const said = Object.entries<Said | undefined>(found);
  return Object.fromEntries(
    said.flatMap(([field, one]) => (one === undefined ? [] : [[field, one.value]])),
  ) as Partial<Record<Field, string>>;
}

function sourcesOf(found: Readonly<Record<string, Said | undefined>>): Sources {
  return Object.fromEntries(
    Object.entries(found).flatMap(([field, said]) =>
      said === undefined ? [] : [[field, said.source]],
    ),
  );
}

/** Without the fields that are undefined. */
function defined<T extends object>(fields: T): T {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as T;
}

/** As Go reads a truth value (https://pkg.go.dev/strconv#ParseBool). */
function isTrue(found: Said | undefined): boolean {
  return /^(1|t|true)$/i.test(found?.value ?? "");
}

function texts(found: Said | undefined): readonly string[] | undefined {
  const list = parseJson(found?.value);
  return Array.isArray(list)
    ? list.filter((item): item is string => typeof item === "string")
    : undefined;
}

function externalIdentity(found: Said | undefined): ExternalCredentials | undefined {
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
