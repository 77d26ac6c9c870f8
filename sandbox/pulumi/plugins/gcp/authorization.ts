import { readFileSync } from "node:fs";
import { STATUS_CODES } from "node:http";
import { importPKCS8, SignJWT } from "jose";
import { callApi, refusal } from "../http.ts";
import type { Settings } from "../plugin.ts";
import { objectOf, textOf } from "../values.ts";

const SCOPES: readonly string[] = [
  "https://www.googleapis.com/auth/cloud-platform",
  "https://www.googleapis.com/auth/userinfo.email",
];

const JWT_BEARER = "urn:ietf:params:oauth:grant-type:jwt-bearer";

/** Time before its end at which a token is no longer used, in milliseconds. */
const MARGIN = 60_000;

/** Gives the access token for each call. */
export type TokenSource = () => Promise<string>;

/**
 * An access token wins over credentials, as in the official provider.
 *
 * @throws with the official plugin's words where the credentials are none, or there are none: it looks at them when it
 * is configured
 * @see https://github.com/hashicorp/terraform-provider-google-beta/blob/main/google-beta/transport/config.go
 */
export function tokenSource({ accessToken, credentials, metadataHost }: Settings): TokenSource {
  if (accessToken !== undefined) {
    return () => Promise.resolve(accessToken);
  }
  if (credentials !== undefined) {
    const key = readKey(credentials);
    return cached(() => exchange(key));
  }
  if (metadataHost !== undefined) {
    return cached(() => askMetadataServer(metadataHost));
  }
  throw new Error(
    "Attempted to load application default credentials since neither `credentials` nor `access_token` was set in the provider block.  No credentials loaded. To use your gcloud credentials, run 'gcloud auth application-default login'.  Original error: google: could not find default credentials. See https://cloud.google.com/docs/authentication/external/set-up-adc for more information",
  );
}

interface Token {
  readonly token: string;
  /** Moment from which it is no longer used. */
  readonly until: number;
}

function cached(fetchToken: () => Promise<Token>): TokenSource {
  let current: Token | undefined;
  return async () => {
    if (!current || current.until <= Date.now()) {
      current = await fetchToken();
    }
    return current.token;
  };
}

interface ServiceAccountFile {
  readonly email: string;
  readonly keyId: string;
  readonly privateKey: string;
  readonly tokenUri: string;
}

/** @param credentials The JSON of a service account's key, or the path of a file that holds it. */
function readKey(credentials: string): ServiceAccountFile {
  const file = objectOf(parse(contentOf(credentials) ?? credentials));
  if (file.type !== "service_account") {
    // The official plugin repeats the whole of the credentials here.
    throw new Error(
      `unable to parse credentials from '…': unknown credential type: ${JSON.stringify(textOf(file.type))}`,
    );
  }
  return {
    email: textOf(file.client_email),
    keyId: textOf(file.private_key_id),
    privateKey: textOf(file.private_key),
    tokenUri: textOf(file.token_uri),
  };
}

/** The content of the file, if it is one. An error would repeat the credentials: they are no name of a file then. */
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

/** @see https://developers.google.com/identity/protocols/oauth2/service-account#authorizingrequests */
async function exchange(key: ServiceAccountFile): Promise<Token> {
  const assertion = await signedAssertion(key);
  const { status, body, text } = await callApi({
    method: "POST",
    url: key.tokenUri,
    headers: {},
    body: new URLSearchParams({ grant_type: JWT_BEARER, assertion }),
  });
  if (status !== 200) {
    const words = `oauth2: cannot fetch token: ${status} ${STATUS_CODES[status] ?? ""}\nResponse: ${text}`;
    throw refusal(status, words, [assertion]);
  }
  return tokenOf(body);
}

/** @see https://cloud.google.com/compute/docs/metadata/overview */
async function askMetadataServer(host: string): Promise<Token> {
  const scopes = new URLSearchParams({ scopes: SCOPES.join(",") }).toString();
  const { body } = await callApi({
    method: "GET",
    url: `http://${host}/computeMetadata/v1/instance/service-accounts/default/token?${scopes}`,
    headers: { "metadata-flavor": "Google" },
  });
  return tokenOf(body);
}

function tokenOf(body: unknown): Token {
  const { access_token: token, expires_in: seconds } = objectOf(body);
  return { token: textOf(token), until: Date.now() + Number(seconds) * 1000 - MARGIN };
}

async function signedAssertion(key: ServiceAccountFile): Promise<string> {
  const { email, keyId, privateKey, tokenUri } = key;
  return new SignJWT({ scope: SCOPES.join(" ") })
    .setProtectedHeader({ alg: "RS256", typ: "JWT", kid: keyId })
    .setIssuer(email)
    .setAudience(tokenUri)
    .setIssuedAt()
    .setExpirationTime("1h")
    .sign(await importPKCS8(privateKey, "RS256"));
}
