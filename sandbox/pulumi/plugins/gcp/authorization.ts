import { readFileSync } from "node:fs";
import { importPKCS8, SignJWT } from "jose";
import { callApi, refusal } from "../http.ts";
import type { Settings } from "../plugin.ts";
import { objectOf, textOf } from "../values.ts";

const SCOPES = [
  "https://www.googleapis.com/auth/cloud-platform",
  "https://www.googleapis.com/auth/userinfo.email",
].join(" ");

const JWT_BEARER = "urn:ietf:params:oauth:grant-type:jwt-bearer";

/** Time before its end at which a token is no longer used, in milliseconds. */
const MARGIN = 60_000;

/** Gives the access token for each call. */
export type TokenSource = () => Promise<string>;

/** An access token wins over credentials, as in the official provider. */
export function tokenSource({ accessToken, credentials }: Settings): TokenSource {
  if (accessToken !== undefined) {
    return () => Promise.resolve(accessToken);
  }
  if (credentials === undefined) {
    return () => {
      throw new Error("no Google credentials: set gcp:accessToken or gcp:credentials");
    };
  }
  let current: { token: string; until: number } | undefined;
  return async () => {
    if (!current || current.until <= Date.now()) {
      current = await exchange(readKey(credentials));
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
  const text = credentials.trimStart().startsWith("{")
    ? credentials
    : readFileSync(credentials, "utf8");
  const file = objectOf(parse(text));
  if (file.type !== "service_account") {
    throw new Error('gcp:credentials: the stand-in reads files of type "service_account" only');
  }
  return {
    email: textOf(file.client_email),
    keyId: textOf(file.private_key_id),
    privateKey: textOf(file.private_key),
    tokenUri: textOf(file.token_uri),
  };
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    // The message of the parser quotes the text, which is a credential.
    throw new Error("gcp:credentials are no JSON");
  }
}

/** @see https://developers.google.com/identity/protocols/oauth2/service-account#authorizingrequests */
async function exchange(key: ServiceAccountFile): Promise<{ token: string; until: number }> {
  const assertion = await signedAssertion(key);
  const { status, body } = await callApi({
    method: "POST",
    url: key.tokenUri,
    headers: {},
    body: new URLSearchParams({ grant_type: JWT_BEARER, assertion }),
  });
  const reply = objectOf(body);
  if (status !== 200) {
    const text = `cannot fetch a token: ${status} ${textOf(reply.error)}: ${textOf(reply.error_description)}`;
    throw refusal(status, text, [assertion]);
  }
  const lifetime = Number(reply.expires_in) * 1000;
  return { token: textOf(reply.access_token), until: Date.now() + lifetime - MARGIN };
}

async function signedAssertion(key: ServiceAccountFile): Promise<string> {
  const { email, keyId, privateKey, tokenUri } = key;
  return new SignJWT({ scope: SCOPES })
    .setProtectedHeader({ alg: "RS256", typ: "JWT", kid: keyId })
    .setIssuer(email)
    .setAudience(tokenUri)
    .setIssuedAt()
    .setExpirationTime("1h")
    .sign(await importPKCS8(privateKey, "RS256"));
}
