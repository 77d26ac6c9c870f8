import { generateKeyPair } from "node:crypto";
import { promisify } from "node:util";
import { parseObject, textOf } from "../shared/json.ts";
import { randomHex } from "../shared/secrets.ts";
import { type Exchange, type Route, route } from "../shared/router.ts";
import { accountName, authorizedAccount } from "./accounts.ts";
import { selfSigned } from "./certificates.ts";
import type { GoogleContext } from "./context.ts";
import { constraintViolated, googleError } from "./errors.ts";
import type { ServiceAccount, ServiceAccountKey } from "./state.ts";

/** @see https://cloud.google.com/iam/quotas#limits */
const KEYS_PER_ACCOUNT = 10;

/** The expiry of keys without expiry, which the API creates. */
const NEVER = "9999-12-31T23:59:59Z";

const ALGORITHM = "KEY_ALG_RSA_2048";
const BITS = 2048;

const CREDENTIALS_FILE = "TYPE_GOOGLE_CREDENTIALS_FILE";

/** Formats of the public half. */
const PUBLIC_FORMS: Readonly<Record<string, "certificate" | "publicKey">> = {
  TYPE_X509_PEM_FILE: "certificate",
  TYPE_RAW_PUBLIC_KEY: "publicKey",
};

/** Handles a call about one key. */
type KeyCall = (key: ServiceAccountKey, account: ServiceAccount, exchange: Exchange) => object;

/**
 * The calls of IAM v1 about the keys of service accounts.
 *
 * @see https://cloud.google.com/iam/docs/reference/rest/v1/projects.serviceAccounts.keys
 */
export function keyRoutes(context: GoogleContext): Route[] {
  const collection = "/v1/projects/{project}/serviceAccounts/{account}/keys";
  const one = `${collection}/{key}`;
  const onOne: [method: string, suffix: string, verb: string, use: KeyCall][] = [
    ["GET", "", "get", (key, account, exchange) => publicBody(account, key, exchange)],
    ["DELETE", "", "delete", (key) => remove(context, key)],
    ["POST", ":disable", "disable", (key) => switchKey(key, true)],
    ["POST", ":enable", "enable", (key) => switchKey(key, false)],
  ];
  return [
    route("POST", collection, async (exchange) => ({
      status: 200,
      body: await create(context, exchange),
    })),
    route("GET", collection, (exchange) => {
      const account = authorizedAccount(context, exchange, "iam.serviceAccountKeys.list");
      const keys = keysOf(context, account).map((key) => keyBody(account, key));
      return { status: 200, body: { keys } };
    }),
    ...onOne.map(([method, suffix, verb, use]) =>
      route(method, `${one}${suffix}`, (exchange) => {
        const account = authorizedAccount(context, exchange, `iam.serviceAccountKeys.${verb}`);
        const key = findKey(context, account, exchange);
        return { status: 200, body: use(key, account, exchange) };
      }),
    ),
  ];
}

async function create(context: GoogleContext, exchange: Exchange): Promise<object> {
  const account = authorizedAccount(context, exchange, "iam.serviceAccountKeys.create");
  checkForm(exchange);
  checkConstraints(context, account);
  checkLimit(context, account);
  const { publicKey, privateKey } = await promisify(generateKeyPair)("rsa", {
    modulusLength: BITS,
    publicKeyEncoding: { type: "spki", format: "der" },
    privateKeyEncoding: { type: "pkcs8", format: "pem" },
  });
  // Checked again: other keys may have been created in the meantime.
  checkLimit(context, account);
  const now = context.now();
  const key: ServiceAccountKey = {
    id: randomHex(40),
    accountId: account.uniqueId,
    algorithm: ALGORITHM,
    publicKey: pem(publicKey),
    certificate: selfSigned(
      { publicKey, privateKey },
      account.uniqueId,
      new Date(now),
      new Date(NEVER),
    ),
    createdAt: now,
    usableFrom: now + context.state.settings.keyDelayMs,
    disabled: false,
  };
  context.state.keys.push(key);
  const credentials = JSON.stringify(credentialsFile(context, account, key, privateKey), null, 2);
  return {
    ...keyBody(account, key),
    privateKeyType: CREDENTIALS_FILE,
    privateKeyData: Buffer.from(`${credentials}\n`).toString("base64"),
  };
}

/**
 * Refuses keys that the emulator does not create. Google also has keys of 1024 bits, but jose does not accept their
 * signatures.
 */
function checkForm(exchange: Exchange): void {
  const body = parseObject(exchange.body) ?? {};
  const algorithm = textOf(body.keyAlgorithm) ?? ALGORITHM;
  if (algorithm === "KEY_ALG_RSA_1024") {
    throw googleError(400, `The emulator makes keys of ${ALGORITHM} only, not ${algorithm}.`);
  }
  if (algorithm !== ALGORITHM && algorithm !== "KEY_ALG_UNSPECIFIED") {
    throw googleError(400, `Invalid value at 'key_algorithm': "${algorithm}"`);
  }
  const type = textOf(body.privateKeyType) ?? CREDENTIALS_FILE;
  if (type !== CREDENTIALS_FILE && type !== "TYPE_UNSPECIFIED") {
    throw googleError(400, `The emulator makes keys of ${CREDENTIALS_FILE} only, not ${type}.`);
  }
}

/** The constraints of the organization policy that forbid new keys. */
const KEY_CONSTRAINTS: readonly string[] = [
  "iam.disableServiceAccountKeyCreation",
  "iam.managed.disableServiceAccountKeyCreation",
];

function checkConstraints(context: GoogleContext, account: ServiceAccount): void {
  const { enforcedConstraints } = context.state.settings;
  const broken = KEY_CONSTRAINTS.find((constraint) => enforcedConstraints.includes(constraint));
  if (broken !== undefined) {
    const subject = `${accountName(account)}?configvalue=${encodeURIComponent(account.email)}`;
    throw constraintViolated(
      broken,
      subject,
      "Key creation is not allowed on this service account.",
    );
  }
}

/**
 * Google's error does not mention the limit.
 *
 * @see https://github.com/googleapis/google-api-dotnet-client/issues/2027
 */
function checkLimit(context: GoogleContext, account: ServiceAccount): void {
  if (keysOf(context, account).length >= KEYS_PER_ACCOUNT) {
    throw googleError(400, "Precondition check failed.", {
      status: "FAILED_PRECONDITION",
      reason: "failedPrecondition",
    });
  }
}

/**
 * The credentials file for client libraries. `universe_domain` is always Google's, regardless of the emulator's
 * domain: with another one, the libraries do not use the token endpoint.
 *
 * @see https://google.aip.dev/auth/4112
 */
function credentialsFile(
  context: GoogleContext,
  { projectId, email, uniqueId }: ServiceAccount,
  { id }: ServiceAccountKey,
  privateKey: string,
): object {
  return {
    type: "service_account",
    project_id: projectId,
    private_key_id: id,
    private_key: privateKey,
    client_email: email,
    client_id: uniqueId,
    auth_uri: "https://accounts.google.com/o/oauth2/auth",
    token_uri: context.tokenUri(),
    auth_provider_x509_cert_url: "https://www.googleapis.com/oauth2/v1/certs",
    client_x509_cert_url: `https://www.googleapis.com/robot/v1/metadata/x509/${encodeURIComponent(email)}`,
    universe_domain: "googleapis.com",
  };
}

function keysOf(context: GoogleContext, { uniqueId }: ServiceAccount): ServiceAccountKey[] {
  return context.state.keys.filter(({ accountId }) => accountId === uniqueId);
}

function findKey(
  context: GoogleContext,
  account: ServiceAccount,
  exchange: Exchange,
): ServiceAccountKey {
  const id = exchange.params.key;
  const key = keysOf(context, account).find((candidate) => candidate.id === id);
  if (!key) {
    throw googleError(404, `Service account key ${id} does not exist.`);
  }
  return key;
}

function remove(context: GoogleContext, gone: ServiceAccountKey): object {
  context.state.keys = context.state.keys.filter((key) => key !== gone);
  return {};
}

function switchKey(key: ServiceAccountKey, disabled: boolean): object {
  key.disabled = disabled;
  return {};
}

/** A key, with its public half in the requested format, if any. */
function publicBody(account: ServiceAccount, key: ServiceAccountKey, exchange: Exchange): object {
  const form = PUBLIC_FORMS[exchange.query.get("publicKeyType") ?? ""];
  return {
    ...keyBody(account, key),
    ...(form === undefined ? {} : { publicKeyData: Buffer.from(key[form]).toString("base64") }),
  };
}

function keyBody(account: ServiceAccount, key: ServiceAccountKey): object {
  return {
    name: `${accountName(account)}/keys/${key.id}`,
    keyAlgorithm: key.algorithm,
    validAfterTime: new Date(key.createdAt).toISOString().replace(/\.\d+/, ""),
    validBeforeTime: NEVER,
    keyOrigin: "GOOGLE_PROVIDED",
    keyType: "USER_MANAGED",
    ...(key.disabled ? { disabled: true } : {}),
  };
}

function pem(spki: Buffer): string {
  const lines = spki.toString("base64").match(/.{1,64}/g) ?? [];
  return ["-----BEGIN PUBLIC KEY-----", ...lines, "-----END PUBLIC KEY-----", ""].join("\n");
}
