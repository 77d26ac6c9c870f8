import { readFileSync } from "node:fs";
import { STATUS_CODES } from "node:http";
import { type ApiCall, callApi, refusal } from "../http.ts";
import type { Settings } from "../plugin.ts";
import { listOf, objectOf, type Properties, textOf } from "../values.ts";

const DEFAULT_SCOPES: readonly string[] = [
  "https://www.googleapis.com/auth/cloud-platform",
  "https://www.googleapis.com/auth/userinfo.email",
];

const JWT_BEARER = "urn:ietf:params:oauth:grant-type:jwt-bearer";
const TOKEN_EXCHANGE = "urn:ietf:params:oauth:grant-type:token-exchange";

/** How long before its expiry a token is no longer used, in milliseconds. */
const MARGIN = 60_000;

/** Returns the access token for each call. */
export type TokenSource = () => Promise<string>;

/** A token that a source has fetched. */
interface Token {
  readonly token: string;
  /** The time from which the token is no longer used. */
  readonly until: number;
}

/**
 * As in the official provider, an access token takes precedence over credentials, and the identity may impersonate
 * another account.
 *
 * @throws with the official plugin's message when the credentials are invalid or missing; it checks them when it is
 * configured
 * @see https://github.com/hashicorp/terraform-provider-google-beta/blob/main/google-beta/transport/config.go
 */
export function tokenSource(settings: Settings): TokenSource {
  const own = ownSource(settings);
  const account = settings.impersonateServiceAccount;
  return account === undefined || settings.externalCredentials !== undefined
    ? own
    : kept(async () => impersonate(await own(), account, settings));
}

function ownSource(settings: Settings): TokenSource {
  const { accessToken, externalCredentials, metadataHost } = settings;
  const credentials = settings.credentials ?? settings.applicationDefault;
  if (externalCredentials !== undefined) {
    throw new Error("gcp:externalCredentials: the stand-in does not support them");
  }
  const scopes = scopesOf(settings);
  if (accessToken !== undefined) {
    return () => Promise.resolve(accessToken);
  }
  if (credentials !== undefined) {
    const file = readFile(credentials);
    return kept(() => exchange(file, scopes));
  }
  if (metadataHost !== undefined) {
    return kept(() => askMetadataServer(metadataHost, scopes));
  }
  throw new Error(
    "Attempted to load application default credentials since neither `credentials` nor `access_token` was set in the provider block.  No credentials loaded. To use your gcloud credentials, run 'gcloud auth application-default login'.  Original error: google: could not find default credentials. See https://cloud.google.com/docs/authentication/external/set-up-adc for more information",
  );
}

/** A source that caches its token until shortly before its expiry. */
function kept(fetchToken: () => Promise<Token>): TokenSource {
  let current: Token | undefined;
  return async () => {
    if (!current || current.until <= Date.now()) {
      current = await fetchToken();
    }
    return current.token;
  };
}

function scopesOf({ scopes }: Settings): readonly string[] {
  return scopes === undefined ? DEFAULT_SCOPES : listOf(parse(scopes)).map(textOf);
}

/** The types of credentials files that the stand-in supports. */
const FILE_TYPES: readonly string[] = [
  "service_account",
  "authorized_user",
  "external_account",
  "impersonated_service_account",
];

/** @param credentials The JSON of a credentials file, or the path of a file. */
function readFile(credentials: string): Properties {
  const file = objectOf(parse(contentOf(credentials) ?? credentials));
  if (!FILE_TYPES.includes(textOf(file.type))) {
    // The official plugin repeats the whole credentials here.
    throw new Error(
      `unable to parse credentials from '…': unknown credential type: ${JSON.stringify(textOf(file.type))}`,
    );
  }
  return file;
}

/**
 * The content of the file; undefined if it cannot be read, because the error would contain the text, which is then
 * the credentials.
 */
function contentOf(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return undefined;
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    throw new Error(
      `error unmarshaling credentials: invalid character '${text.trimStart().charAt(0)}' looking for beginning of value`,
    );
  }
}

/** @see https://google.aip.dev/auth/4110 */
async function exchange(file: Properties, scopes: readonly string[]): Promise<Token> {
  const field = (name: string) => textOf(file[name]);
  switch (file.type) {
    case "service_account": {
      const assertion = await signedAssertion(file, scopes);
      return await askForToken(field("token_uri"), { grant_type: JWT_BEARER, assertion }, [
        assertion,
      ]);
    }
    case "authorized_user": {
      const [client_id, client_secret, refresh_token] = [
        field("client_id"),
        field("client_secret"),
        field("refresh_token"),
      ];
      return await askForToken(
        field("token_uri"),
        { grant_type: "refresh_token", client_id, client_secret, refresh_token },
        [client_secret, refresh_token],
      );
    }
    case "external_account": {
      const subject = await subjectToken(objectOf(file.credential_source));
      const federated = await askForToken(
        field("token_url"),
        {
          grant_type: TOKEN_EXCHANGE,
          audience: field("audience"),
          scope: scopes.join(" "),
          requested_token_type: "urn:ietf:params:oauth:token-type:access_token",
          subject_token_type: field("subject_token_type"),
          subject_token: subject,
        },
        [subject],
      );
      const url = textOf(file.service_account_impersonation_url);
      return url === "" ? federated : await askAsAccount(url, federated.token, { scope: scopes });
    }
    case "impersonated_service_account": {
      const own = await exchange(objectOf(file.source_credentials), scopes);
      const url = field("service_account_impersonation_url");
      return await askAsAccount(url, own.token, {
        delegates: listOf(file.delegates),
        scope: scopes,
      });
    }
    default:
      throw new Error(`unknown credential type: ${field("type")}`);
  }
}

async function askForToken(
  url: string,
  form: Readonly<Record<string, string>>,
  secrets: readonly string[],
): Promise<Token> {
  const { status, body, text } = await callApi({
    method: "POST",
    url,
    headers: {},
    body: new URLSearchParams(form),
  });
  if (status !== 200) {
    const words = `oauth2: cannot fetch token: ${status} ${STATUS_CODES[status] ?? ""}\nResponse: ${text}`;
    throw refusal(status, words, secrets);
  }
  return tokenOf(body);
}

/** @see https://cloud.google.com/compute/docs/metadata/overview */
async function askMetadataServer(host: string, scopes: readonly string[]): Promise<Token> {
  const query = new URLSearchParams({ scopes: scopes.join(",") }).toString();
  const { status, body, text } = await callApi({
    method: "GET",
    url: `http://${host}/computeMetadata/v1/instance/service-accounts/default/token?${query}`,
    headers: { "metadata-flavor": "Google" },
  });
  if (status !== 200) {
    throw refusal(
      status,
      `metadata: GCE metadata "instance/service-accounts/default/token?${query}" not defined: ${text}`,
      [],
    );
  }
  return tokenOf(body);
}

function tokenOf(body: unknown): Token {
  const { access_token: token, expires_in: seconds } = objectOf(body);
  return { token: textOf(token), until: Date.now() + Number(seconds) * 1000 - MARGIN };
}

/** @see https://cloud.google.com/iam/docs/reference/credentials/rest/v1/projects.serviceAccounts/generateAccessToken */
async function impersonate(token: string, account: string, settings: Settings): Promise<Token> {
  const { iamCredentialsCustomEndpoint, impersonateServiceAccountDelegates } = settings;
  if (iamCredentialsCustomEndpoint === undefined) {
    throw new Error(
      "gcp:iamCredentialsCustomEndpoint is not set; the stand-in for the gcp plugin does not call the real Google Cloud",
    );
  }
  const url = `${iamCredentialsCustomEndpoint}projects/-/serviceAccounts/${account}:generateAccessToken`;
  return askAsAccount(url, token, {
    delegates: listOf(parse(impersonateServiceAccountDelegates ?? "[]")).map(
      (delegate) => `projects/-/serviceAccounts/${textOf(delegate)}`,
    ),
    scope: scopesOf(settings),
  });
}

/** Requests a token of a service account, as the identity with this token. */
async function askAsAccount(url: string, token: string, wanted: object): Promise<Token> {
  const call: ApiCall = {
    method: "POST",
    url,
    headers: { authorization: `Bearer ${token}` },
    body: { ...wanted, lifetime: "3600s" },
  };
  const { status, body } = await callApi(call);
  const reply = objectOf(body);
  if (status !== 200) {
    const words = textOf(objectOf(reply.error).message);
    throw refusal(status, `impersonate: status code ${status}: ${words}`, [token]);
  }
  return {
    token: textOf(reply.accessToken),
    until: Date.parse(textOf(reply.expireTime)) - MARGIN,
  };
}

/**
 * The token of the other provider: the content of a file or the response of a URL, as text or as a field of JSON.
 *
 * @see https://google.aip.dev/auth/4117
 */
async function subjectToken(source: Properties): Promise<string> {
  const { type, subject_token_field_name: field } = objectOf(source.format);
  const content =
    source.url === undefined
      ? readFileSync(textOf(source.file), "utf8").trim()
      : await askForSubject(textOf(source.url), source.headers);
  return type === "json" ? textOf(objectOf(parse(content))[textOf(field)]) : content;
}

async function askForSubject(url: string, headers: unknown): Promise<string> {
  const named = Object.entries(objectOf(headers)).map(([name, value]) => [name, textOf(value)]);
  const { status, text } = await callApi({
    method: "GET",
    url,
    headers: Object.fromEntries(named) as Record<string, string>,
  });
  if (status !== 200) {
    throw new Error(`oauth2/google: invalid response when retrieving subject token: ${status}`);
  }
  return text.trim();
}

/** @see https://developers.google.com/identity/protocols/oauth2/service-account#authorizingrequests */
async function signedAssertion(file: Properties, scopes: readonly string[]): Promise<string> {
  // Loaded on demand: an operator who signs in with a token does not need it, and it would slow down each start of
  // the plugin.
  const { importPKCS8, SignJWT } = await import("jose");
  return new SignJWT({ scope: scopes.join(" ") })
    .setProtectedHeader({ alg: "RS256", typ: "JWT", kid: textOf(file.private_key_id) })
    .setIssuer(textOf(file.client_email))
    .setAudience(textOf(file.token_uri))
    .setIssuedAt()
    .setExpirationTime("1h")
    .sign(await importPKCS8(textOf(file.private_key), "RS256"));
}
