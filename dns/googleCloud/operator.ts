import { homedir } from "node:os";
import { join } from "node:path";
import { RunError } from "@pulumi/pulumi";
import {
  Compute,
  GoogleAuth,
  IdentityPoolClient,
  Impersonated,
  OAuth2Client,
  gcpMetadata,
  type AuthClient,
  type gaxios,
} from "google-auth-library";
import { isMap, parseJson, type ValueMap } from "../../lib/json.ts";
import type { ExternalCredentials, GoogleCloudAccess } from "../access.ts";
import { contentOf, isFile } from "../pathOrContent.ts";
import type { ShellText } from "../../lib/shell.ts";
import { refuseUnusableGoogleCloud, sourceOf } from "../unusable.ts";
import { keyClient } from "./client.ts";
import { isGoogleAddress, keyFile, keyFileProblems } from "./keyFile.ts";
import { logIn } from "./logIn.ts";
import { proxiedTransporter, withoutProxyToMetadataServer } from "./transport.ts";

/** The default scope of the operator's calls. */
const cloudPlatform = "https://www.googleapis.com/auth/cloud-platform";

/**
 * A client with the identity that runs Pulumi, in the order of the gcp plugin (google-beta/transport/config.go,
 * GetCredentials): another provider's token, an access token, a credentials file of any type, else the identity that
 * Google's libraries find in the environment, down to the metadata server. The client impersonates a service account where
 * the access names one.
 *
 * @param access endpoints and identity of the plugin
 * @param timeout time limit of each call, in milliseconds. Default: that of every request
 * @throws RunError when the credentials are missing or unusable
 */
export async function operatorClient(
  access: GoogleCloudAccess,
  timeout?: number,
): Promise<AuthClient> {
  refuseUnusableGoogleCloud(access);
  const { impersonateServiceAccount, impersonateServiceAccountDelegates, quotaProject } = access;
  const scopes = [...(access.scopes ?? [cloudPlatform])];
  const own = await ownClient(access, scopes, timeout);
  // As in the plugin, the project of the stack or the environment takes precedence over the file's.
  const quotaProjectId = quotaProject ?? own.quotaProjectId;
  if (quotaProjectId !== undefined) {
    own.quotaProjectId = quotaProjectId;
  }
  if (impersonateServiceAccount === undefined) {
    return own;
  }
  const endpoint = access.iamCredentialsEndpoint?.replace(/\/[^/]+\/$/, "");
  const impersonated = new Impersonated({
    sourceClient: own,
    targetPrincipal: impersonateServiceAccount,
    // The form that the plugin sends (google.golang.org/api, internal/impersonate), and the only one that Google accepts.
    delegates: (impersonateServiceAccountDelegates ?? []).map(
      (delegate) => `projects/-/serviceAccounts/${delegate}`,
    ),
    targetScopes: scopes,
    transporter: proxiedTransporter(undefined, timeout),
    ...(endpoint !== undefined && { endpoint }),
  });
  if (quotaProjectId !== undefined) {
    impersonated.quotaProjectId = quotaProjectId;
  }
  return impersonated;
}

/**
 * The identity that runs Pulumi as a member of an IAM policy, if it is a known service account.
 *
 * @returns undefined for other identities, such as the login of a user
 */
export function operatorMember(access: GoogleCloudAccess): string | undefined {
  const { accessToken, credentials, externalCredentials, impersonateServiceAccount } = access;
  const file =
    accessToken === undefined && credentials !== undefined
      ? parseJson(contentOf(credentials))
      : undefined;
  const account =
    impersonateServiceAccount ??
    externalCredentials?.serviceAccountEmail ??
    (isMap(file)
      ? (impersonationAddress.exec(String(file.service_account_impersonation_url))?.[2] ??
        file.client_email)
      : undefined);
  return typeof account === "string" && /^[\w.+-]+@[\w.-]+$/.test(account)
    ? `serviceAccount:${account}`
    : undefined;
}

function ownClient(
  access: GoogleCloudAccess,
  scopes: string[],
  timeout?: number,
): Promise<AuthClient> {
  const { accessToken, credentials, externalCredentials } = access;
  const transporter = proxiedTransporter(undefined, timeout);
  if (externalCredentials !== undefined) {
    return Promise.resolve(externalClient(externalCredentials, access, scopes, transporter));
  }
  if (accessToken !== undefined) {
    const client = new OAuth2Client({ transporter });
    client.setCredentials({ access_token: contentOf(accessToken) });
    return Promise.resolve(client);
  }
  return credentials === undefined
    ? applicationDefaultClient(access, scopes, timeout)
    : fileClient(
        credentials,
        scopes,
        { source: sourceOf("credentials", access.sources), logIn: logIn(access) },
        timeout,
      );
}

/**
 * The identity that Google's Go libraries find without settings of the plugin (golang.org/x/oauth2, google/default.go): a
 * file that a variable names, the login of gcloud, the service account of the machine. The JavaScript library differs: it
 * reads another gcloud folder where a variable names one, and runs gcloud to find the project.
 */
async function applicationDefaultClient(
  access: GoogleCloudAccess,
  scopes: string[],
  timeout?: number,
): Promise<AuthClient> {
  const { GOOGLE_APPLICATION_CREDENTIALS: named = "" } = process.env;
  if (named !== "") {
    const source = "GOOGLE_APPLICATION_CREDENTIALS";
    return fileClient(named, scopes, { source, logIn: logIn(access) }, timeout);
  }
  const login = join(configFolder(), "gcloud", "application_default_credentials.json");
  if (isFile(login)) {
    const source = "the login file of gcloud";
    return fileClient(login, scopes, { source, logIn: logIn(access) }, timeout);
  }
  withoutProxyToMetadataServer();
  if (gcpMetadata.getGCPResidency() || (await gcpMetadata.isAvailable())) {
    return new Compute({ scopes, transporter: proxiedTransporter(undefined, timeout) });
  }
  throw new RunError(
    "No credentials loaded: there are none for Google, and this machine has no metadata server.\n" +
      `      ${logIn(access)}`,
  );
}

function configFolder(): string {
  return process.platform === "win32" ? (process.env.APPDATA ?? "") : join(homedir(), ".config");
}

function fileClient(
  credentials: string,
  scopes: string[],
  source: FileSource,
  timeout?: number,
): Promise<AuthClient> {
  const file = credentialsFile(credentials, source);
  // A service account's key requests tokens at the address in its file, as everywhere in this program.
  const key = keyFile.safeParse(file);
  if (key.success) {
    return Promise.resolve(keyClient(key.data, scopes, timeout));
  }
  refuseFile(file, source);
  const { type, token_uri: tokenUri, service_account_impersonation_url: impersonation } = file;
  if (type === impersonatedFile) {
    return impersonatedFileClient(file, String(impersonation), scopes, source, timeout);
  }
  // A file of another provider (`external_account`) has `token_url` instead.
  const transporter = proxiedTransporter(
    typeof tokenUri === "string" ? tokenUri : undefined,
    timeout,
  );
  return new GoogleAuth({ scopes, credentials: file, clientOptions: { transporter } }).getClient();
}

/** The type of a file that names a service account to act as. */
const impersonatedFile = "impersonated_service_account";

/** The address for requesting a token of an account: the API's endpoint and the account. */
const impersonationAddress =
  /^(.*)\/v1\/projects\/-\/serviceAccounts\/([^/]+):generateAccessToken$/;

/**
 * A client for the file of `gcloud auth application-default login --impersonate-service-account`: the identity in
 * `source_credentials`, and the account that it impersonates (golang.org/x/oauth2, google/google.go). The JavaScript
 * library would bypass {@link proxiedTransporter} and the addresses in the file.
 */
async function impersonatedFileClient(
  file: ValueMap,
  address: string,
  scopes: string[],
  source: FileSource,
  timeout?: number,
): Promise<AuthClient> {
  const { source_credentials: own, delegates, quota_project_id: quotaProject } = file;
  const [, endpoint = "", account = ""] = impersonationAddress.exec(address) ?? [];
  const client = new Impersonated({
    sourceClient: await fileClient(JSON.stringify(own), scopes, source, timeout),
    targetPrincipal: account,
    delegates: Array.isArray(delegates) ? delegates.map(String) : [],
    targetScopes: scopes,
    transporter: proxiedTransporter(undefined, timeout),
    endpoint,
  });
  if (typeof quotaProject === "string") {
    client.quotaProjectId = quotaProject;
  }
  return client;
}

/** The fields of any type of file with an address for its credential (https://google.aip.dev/auth/4110). */
const addressFields = ["token_uri", "token_url", "service_account_impersonation_url"] as const;

/** Refuses a file before its credential is sent. The error contains no value. */
function refuseFile(file: ValueMap, { source, logIn }: FileSource): void {
  const wrong =
    file.type === "service_account" ? keyFileProblems(JSON.stringify(file)) : fileProblems(file);
  if (wrong.length > 0) {
    throw new RunError(
      `The credentials file of ${source} is unusable (wrong: ${wrong.join(", ")}).\n` +
        `      ${logIn}`,
    );
  }
}

function fileProblems(file: ValueMap): readonly string[] {
  const elsewhere = addressFields
    .filter((field) => {
      const address = file[field];
      return address !== undefined && !(typeof address === "string" && isGoogleAddress(address));
    })
    .map((field) => `${field} is not an https address at googleapis.com`);
  return file.type === impersonatedFile
    ? [
        ...(isMap(file.source_credentials) ? [] : ["source_credentials"]),
        ...(impersonationAddress.test(String(file.service_account_impersonation_url))
          ? []
          : ["service_account_impersonation_url"]),
        ...elsewhere,
      ]
    : elsewhere;
}

/** The source of a credentials file, for messages. */
interface FileSource {
  /** The setting or the variable. */
  readonly source: string;
  /** The command that logs in instead. */
  readonly logIn: ShellText;
}

/** A credentials file, by its path or its content. */
function credentialsFile(credentials: string, { source, logIn }: FileSource): ValueMap {
  const file = parseJson(contentOf(credentials));
  if (!isMap(file)) {
    throw new RunError(
      `The value of ${source} is neither the path of a credentials file nor its JSON.\n` +
        `      ${logIn}`,
    );
  }
  return file;
}

function externalClient(
  { audience, identityToken, serviceAccountEmail }: ExternalCredentials,
  { iamCredentialsEndpoint = "https://iamcredentials.googleapis.com/v1/" }: GoogleCloudAccess,
  scopes: string[],
  transporter: gaxios.Gaxios,
): AuthClient {
  const client = new IdentityPoolClient({
    type: "external_account",
    audience,
    subject_token_type: "urn:ietf:params:oauth:token-type:jwt",
    token_url: "https://sts.googleapis.com/v1/token",
    service_account_impersonation_url: `${iamCredentialsEndpoint}projects/-/serviceAccounts/${serviceAccountEmail}:generateAccessToken`,
    transporter,
    subject_token_supplier: { getSubjectToken: () => Promise.resolve(identityToken) },
  });
  client.scopes = scopes;
  return client;
}
