import assert from "node:assert/strict";
import { getStack, RunError } from "@pulumi/pulumi";
import { explainCloudflare } from "../../../components/dnsCredential/cloudflare/lookupFailure.ts";
import { explainGoogleCloud } from "../../../components/dnsCredential/googleCloud/lookupFailure.ts";
import {
  cloudMessage,
  lookup,
  type Explanation,
} from "../../../components/dnsCredential/lookup.ts";

const getZone = "cloudflare:index/getZone:getZone";
const getManagedZones = "gcp:dns/getManagedZones:getManagedZones";

/** A failure of Cloudflare's plugin in the form in which the program receives it. */
function ofCloudflare(words: string): string {
  return `invocation of ${getZone} returned an error: ${words}`;
}

function refusedByCloudflare(status: string, code: number, message: string): string {
  return ofCloudflare(
    `failed to make http request: GET "https://api.cloudflare.com/client/v4/zones?name=example.com": ${status} ` +
      `{"result":null,"success":false,"errors":[{"code":${code},"message":"${message}"}],"messages":[]}`,
  );
}

/** A failure of Google's plugin. */
function ofGoogle(words: string): string {
  return `invocation of ${getManagedZones} returned an error: invoking ${getManagedZones}: 1 error occurred:\n\t* ${words}\n\n`;
}

const list = 'Get "https://dns.googleapis.com/dns/v1beta2/projects/p/managedZones?alt=json": ';

const cloudflare = explainCloudflare({ zone: "example.com", domain: "a.example.com" });
const google = explainGoogleCloud("my-project", {});
/** The stack's settings take precedence over the environment and the login. */
const googleByStack = (field: "accessToken" | "credentials") =>
  explainGoogleCloud("my-project", { sources: { [field]: `gcp:${field}` }, stack: "stack" });

/** The usual mistakes: the engine's error, the message for the operator, and the command. */
const mistakes: readonly (readonly [
  mistake: string,
  explanation: Explanation,
  said: string,
  told: RegExp,
  command?: string,
])[] = [
  [
    "no Cloudflare credential",
    cloudflare,
    refusedByCloudflare(
      "400 Bad Request",
      9106,
      "Missing X-Auth-Key, X-Auth-Email or Authorization headers",
    ),
    /no credential for Cloudflare.*API Tokens → Edit/,
    "pulumi config set -s stack --secret cloudflare:apiToken",
  ],
  [
    "a malformed Cloudflare credential",
    cloudflare,
    refusedByCloudflare("400 Bad Request", 6003, "Invalid request headers"),
    /credential for Cloudflare is malformed/,
    "pulumi config set -s stack --secret cloudflare:apiToken",
  ],
  [
    "a Cloudflare token that is wrong or revoked",
    cloudflare,
    refusedByCloudflare("403 Forbidden", 9109, "Invalid access token"),
    /mistyped, expired or revoked/,
    "pulumi config set -s stack --secret cloudflare:apiToken",
  ],
  [
    "a global API key of another user",
    cloudflare,
    refusedByCloudflare("403 Forbidden", 9103, "Unknown X-Auth-Key or X-Auth-Email"),
    /does not know Pulumi's global API key/,
    "pulumi config set -s stack --secret cloudflare:apiToken",
  ],
  [
    "a Cloudflare token without the permission",
    explainCloudflare({ accountId: "0a" }),
    refusedByCloudflare("403 Forbidden", 10000, "Authentication error"),
    /lacks a permission: it needs Account → Account API Tokens → Edit/,
    "pulumi config set -s stack --secret cloudflare:apiToken",
  ],
  ...[
    "The maximum number of API tokens has been reached",
    "You have reached your API Tokens limit",
    "token quota exceeded: too many tokens",
  ].map(
    (message) =>
      [
        `the maximum number of Cloudflare tokens, as "${message}"`,
        explainCloudflare({ accountId: "0a" }),
        refusedByCloudflare("400 Bad Request", 1001, message),
        /account 0a has 500 API tokens.* Nothing was changed there\. Delete a token/,
        "https://dash.cloudflare.com/0a/api-tokens",
      ] as const,
  ),
  [
    "no such zone at Cloudflare",
    cloudflare,
    ofCloudflare("failed to find exactly one result: 0 found"),
    /can read no zone of this name/,
    "pulumi config set -s stack --path dns.zone a.example.com",
  ],
  [
    "no such zone, where it has the domain's name",
    explainCloudflare({ zone: "a.example.com", domain: "a.example.com" }),
    ofCloudflare("failed to find exactly one result: 0 found"),
    /can read no zone of this name/,
    "pulumi config set -s stack --path dns.zone example.com",
  ],
  [
    "a zone in more than one account",
    cloudflare,
    ofCloudflare("failed to find exactly one result: 2 found"),
    /more than one account/,
    'pulumi config set -s stack --path dns.accountId "$CLOUDFLARE_ACCOUNT_ID"',
  ],
  ...[
    refusedByCloudflare("403 Forbidden", 9109, "Unauthorized to access requested resource"),
    refusedByCloudflare("404 Not Found", 7003, "Could not route to /client/v4/zones/0a"),
    refusedByCloudflare("400 Bad Request", 1001, "Invalid zone identifier"),
  ].map(
    (said) =>
      [
        "an id that no zone has",
        explainCloudflare({ zone: "example.com", zoneId: "0a" }),
        said,
        /can read no zone with this id/,
        "pulumi config rm -s stack --path dns.zoneId",
      ] as const,
  ),
  [
    "a Cloudflare token that is rejected for an unknown reason",
    cloudflare,
    refusedByCloudflare("401 Unauthorized", 10000, "Authentication error"),
    /mistyped, expired or revoked, or lacks a permission.*API Tokens → Edit/,
    "pulumi config set -s stack --secret cloudflare:apiToken",
  ],
  [
    "a firewall instead of Cloudflare",
    cloudflare,
    ofCloudflare(
      'failed to make http request: GET "https://api.cloudflare.com/client/v4/zones": 403 Forbidden <!DOCTYPE html><html>Blocked</html>',
    ),
    /the response is a web page, not an API response \(403\)/,
  ],
  ...["server misbehaving", "connect: connection timed out", "http2: client connection lost"].map(
    (reason) =>
      [
        "a connection that is broken",
        cloudflare,
        ofCloudflare(`Get "https://api.cloudflare.com/client/v4/zones": ${reason}`),
        new RegExp(`no response \\(${reason}\\)\\. Check the network connection`),
      ] as const,
  ),
  [
    "no Google credentials, and a metadata server that refuses",
    google,
    ofGoogle(
      `${list}Get "http://169.254.169.254/computeMetadata/v1/instance/service-accounts/default/token?scopes=x": dial tcp 169.254.169.254:80: connect: connection refused`,
    ),
    /no credentials for Google/,
    "gcloud auth application-default login",
  ],
  [
    "Google credentials that have expired",
    google,
    ofGoogle(`${list}oauth2: "invalid_grant" "reauth related error (invalid_rapt)"`),
    /the login has expired/,
    "gcloud auth application-default login",
  ],
  [
    "a key that was deleted",
    google,
    ofGoogle(
      `${list}oauth2: cannot fetch token: 400 Bad Request\nResponse: {"error":"invalid_grant","error_description":"Invalid JWT Signature."}`,
    ),
    /the key was deleted/,
    "gcloud auth application-default login",
  ],
  [
    "a deleted key of the stack, which would take precedence over a login",
    googleByStack("credentials"),
    "Google responds with 400 (invalid_grant)",
    /the key was deleted.*gcp:credentials < key\.json/,
    "pulumi config rm -s stack gcp:credentials && gcloud auth application-default login",
  ],
  [
    "an expired access token of the stack, which would take precedence over the environment's",
    googleByStack("accessToken"),
    "Google responds with 401 (UNAUTHENTICATED)",
    /\(gcp:accessToken\), which expires after an hour/,
    "gcloud auth print-access-token | pulumi config set -s stack --secret gcp:accessToken",
  ],
  [
    "an access token that has expired",
    google,
    ofGoogle("googleapi: Error 401: Request had invalid authentication credentials., authError"),
    /which expires after an hour/,
    'export GOOGLE_OAUTH_ACCESS_TOKEN="$(gcloud auth print-access-token)"',
  ],
  [
    "a project without Cloud DNS",
    google,
    ofGoogle(
      "googleapi: Error 403: Cloud DNS API has not been used in project 1 before or it is disabled., accessNotConfigured",
    ),
    /Cloud DNS is not enabled/,
    "gcloud services enable dns.googleapis.com iam.googleapis.com --project my-project",
  ],
  [
    "a project without the permission",
    google,
    ofGoogle("googleapi: Error 403: Forbidden, forbidden"),
    /may not list the zones/,
    'gcloud projects add-iam-policy-binding my-project --role roles/dns.admin --member "user:$(gcloud config get-value account)"',
  ],
  [
    "a project that does not exist",
    google,
    ofGoogle("googleapi: Error 404: The requested project was not found., notFound"),
    /the project does not exist/,
    'pulumi config set -s stack --path dns.project "$(gcloud config get-value project)"',
  ],
  [
    "no Google credentials, and no source of any",
    google,
    "No request reached Google: Could not load the default credentials. Browse to https://cloud.google.com/docs/authentication/getting-started for more information.",
    /no credentials for Google/,
    "gcloud auth application-default login",
  ],
  [
    "an expired login, from the program's own calls",
    google,
    "Google responds with 400 (invalid_grant)",
    /the login has expired/,
    "gcloud auth application-default login",
  ],
  [
    "an expired access token, from the program's own calls",
    google,
    "Google responds with 401 (UNAUTHENTICATED)",
    /which expires after an hour/,
    'export GOOGLE_OAUTH_ACCESS_TOKEN="$(gcloud auth print-access-token)"',
  ],
  [
    "a project without the permission, from the program's own calls",
    google,
    "Google responds with 403 (PERMISSION_DENIED)",
    /may not list the zones/,
    'gcloud projects add-iam-policy-binding my-project --role roles/dns.admin --member "user:$(gcloud config get-value account)"',
  ],
  [
    "an API that is not enabled in the quota project",
    google,
    "Google responds with 403 (PERMISSION_DENIED): the API dns.googleapis.com is not enabled\n      gcloud services enable dns.googleapis.com --project=123",
    /the API dns\.googleapis\.com is not enabled$/,
    "gcloud services enable dns.googleapis.com --project=123",
  ],
  [
    "an account that may not be impersonated",
    google,
    "Google responds with 403 (PERMISSION_DENIED): you may not act as a@p.iam.gserviceaccount.com, which requires roles/iam.serviceAccountTokenCreator on it",
    /you may not act as a@p\./,
  ],
  [
    "a Google that does not respond",
    google,
    "Google does not respond (ECONNREFUSED)",
    /there is no response \(ECONNREFUSED\)\. Check the network connection/,
  ],
  [
    "a machine without a connection",
    google,
    ofGoogle(`${list}dial tcp: lookup dns.googleapis.com: no such host`),
    /no response \(dial tcp: lookup dns\.googleapis\.com: no such host\)\. Check the network connection/,
  ],
  [
    "a proxy that does not run",
    cloudflare,
    ofCloudflare(
      'failed to make http request: Get "https://api.cloudflare.com/client/v4/zones": proxyconnect tcp: dial tcp 127.0.0.1:3128: connect: connection refused',
    ),
    /no response \(proxyconnect tcp: .*HTTPS_PROXY and NO_PROXY/,
  ],
  [
    "an internal error of the DNS provider",
    cloudflare,
    refusedByCloudflare("503 Service Unavailable", 1002, "An internal error"),
    /the API responds with 503\. Wait/,
  ],
];

describe("a failed lookup", () => {
  for (const [mistake, explanation, said, told, command] of mistakes) {
    it(`is explained in a sentence${command === undefined ? "" : " with the command"}: ${mistake}`, async () => {
      const answer = Promise.reject(new Error(said));
      await assert.rejects(lookup("What", answer, explanation), (error) => {
        assert(RunError.isInstance(error));
        const [sentence = "", ...lines] = error.message.split("\n");
        assert.match(sentence, /^What could not be looked up: /);
        assert.match(sentence, told);
        assert.doesNotMatch(error.message, /invocation of|invoking|error occurred|"result":/);
        const last = lines.pop();
        // Other tests of this process may have run another stack.
        assert.equal(last, `Nothing was changed. After the fix, run: pulumi up -s ${getStack()}`);
        assert.deepEqual(lines, command === undefined ? [] : [`      ${command}`]);
        return true;
      });
    });
  }

  it("is shown with the DNS provider's error text where it is unknown", async () => {
    const answer = Promise.reject(new Error(ofGoogle("something new")));
    await assert.rejects(
      lookup("What", answer, google),
      /^Error: What .* looked up: something new\n/,
    );
  });

  it("is shown without the prefixes of other layers", () => {
    assert.equal(cloudMessage(ofGoogle("words")), "words");
    assert.equal(cloudMessage(ofCloudflare("failed to make http request: words")), "words");
    assert.equal(cloudMessage(`Invoke of '${getZone}' failed: words`), "words");
  });
});
