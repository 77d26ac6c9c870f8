import assert from "node:assert/strict";
import { createPublicKey, generateKeyPairSync } from "node:crypto";
import { SignJWT, UnsecuredJWT } from "jose";
import type { OAuthBody } from "./bodies.ts";
import { Clouds, CLOUD_PLATFORM, type Credentials, PROJECT_ID, zonePath } from "./support.ts";

const HOUR_MS = 3600 * 1000;

describe("the token endpoint of Google", () => {
  let clouds: Clouds;
  let email: string;
  let credentials: Credentials;

  before(async () => {
    clouds = await Clouds.seeded();
    email = await clouds.account();
    credentials = await clouds.key(email);
  });

  after(() => clouds.close());

  it("issues a token for an assertion that the key signed", async () => {
    const { status, body } = await clouds.signIn(credentials);
    assert.equal(status, 200);
    assert.equal(body.token_type, "Bearer");
    assert.equal(body.expires_in, 3599);
    const { body: info } = await clouds.google("GET", "/v1/userinfo", undefined, body.access_token);
    assert.equal(info.email, email);
  });

  it("accepts Google's own address as the audience, which some clients use", async () => {
    const { status } = await clouds.signIn(credentials, {
      aud: "https://oauth2.googleapis.com/token",
    });
    assert.equal(status, 200);
  });

  const timeframe = /^Invalid JWT: Token must be a short-lived token/;
  const refusals: [what: string, claims: () => object, error: string, words: RegExp][] = [
    ["an unknown account", () => ({ iss: "x@y.z" }), "invalid_grant", /account not found$/],
    ["another audience", () => ({ aud: "https://a.b/" }), "invalid_grant", /audience check/],
    ["no scope", () => ({ scope: "" }), "invalid_scope", /^Invalid OAuth scope/],
    ["an expired assertion", () => life(-7200, -3600), "invalid_grant", timeframe],
    ["an assertion from the future", () => life(600, 1200), "invalid_grant", timeframe],
    ["an assertion of two hours", () => life(0, 7200), "invalid_grant", timeframe],
    ["no expiry", () => ({ exp: undefined }), "invalid_grant", timeframe],
  ];
  for (const [what, claims, error, words] of refusals) {
    it(`refuses ${what}`, async () => {
      const { status, body } = await clouds.signIn(credentials, claims());
      assert.equal(status, 400);
      assert.equal(body.error, error);
      assert.match(body.error_description, words);
    });
  }

  function life(from: number, until: number): object {
    return { iat: clouds.seconds() + from, exp: clouds.seconds() + until };
  }

  it("refuses the signature of another key", async () => {
    const { privateKey } = generateKeyPairSync("rsa", {
      modulusLength: 2048,
      publicKeyEncoding: { type: "spki", format: "pem" },
      privateKeyEncoding: { type: "pkcs8", format: "pem" },
    });
    await assertInvalidSignature({ ...credentials, private_key: privateKey });
  });

  it("refuses a signature that is not RS256", async () => {
    const now = clouds.seconds();
    const claims = { iss: email, aud: credentials.token_uri, scope: "x", iat: now, exp: now + 60 };
    const publicKey = createPublicKey(credentials.private_key).export({
      type: "spki",
      format: "pem",
    });
    const signedWithPublicKey = await new SignJWT(claims)
      .setProtectedHeader({ alg: "HS256" })
      .sign(Buffer.from(publicKey));
    for (const assertion of [new UnsecuredJWT(claims).encode(), signedWithPublicKey]) {
      const { body } = await clouds.exchange(credentials.token_uri, assertion);
      assert.equal(body.error_description, "Invalid JWT Signature.");
    }
  });

  it("refuses invalid assertions and other grants", async () => {
    const { body } = await clouds.exchange(credentials.token_uri, "not.a-token");
    assert.equal(body.error, "invalid_grant");
    const other = await clouds.exchange(credentials.token_uri, "x", "password");
    assert.equal(other.body.error, "unsupported_grant_type");
  });

  describe("for an identity of another provider", () => {
    const audience = "//iam.googleapis.com/pool/providers/p";
    const principal = "principal://iam.googleapis.com/pool/subject/me";

    const exchanged = async (form: Readonly<Record<string, string>>) => {
      const usual = { audience, scope: CLOUD_PLATFORM, subject_token: "other-token" };
      const response = await fetch(`${clouds.running.googleUrl}/v1/token`, {
        method: "POST",
        body: new URLSearchParams({
          grant_type: "urn:ietf:params:oauth:grant-type:token-exchange",
          ...usual,
          ...form,
        }),
      });
      return { status: response.status, body: (await response.json()) as OAuthBody };
    };

    before(async () => {
      await clouds.control("google", "POST", "seed", {
        workloadIdentities: [{ audience, principal, token: "other-token" }],
      });
    });

    it("issues a token with only the identity's grants", async () => {
      const { status, body } = await exchanged({});
      assert.equal(status, 200);
      const read = () => clouds.google("GET", zonePath(), undefined, body.access_token);
      assert.equal((await read()).status, 403);
      const { body: policy } = await clouds.google("POST", `${zonePath()}:getIamPolicy`, {});
      const reader = { role: "roles/dns.reader", members: [principal] };
      await clouds.google("POST", `${zonePath()}:setIamPolicy`, {
        policy: { etag: policy.etag, bindings: [reader] },
      });
      assert.equal((await read()).status, 200);
      clouds.pass(HOUR_MS);
      assert.equal((await read()).status, 401);
    });

    it("refuses an unknown token, an unknown audience, and a missing token or audience", async () => {
      for (const form of [{ subject_token: "x" }, { audience: "x" }, { subject_token: "" }]) {
        const { status, body } = await exchanged(form);
        assert.deepEqual([status, body.error], [400, "invalid_grant"]);
      }
    });

    it("shows the identity without its token", async () => {
      const { body } = await clouds.control("google", "GET", "state");
      assert(JSON.stringify(body).includes(principal));
      assert.doesNotMatch(JSON.stringify(body), /fingerprint|other-token/);
    });
  });

  it("issues tokens as a metadata server, if one is configured and requested", async () => {
    const url = `${clouds.running.googleUrl}/computeMetadata/v1/instance/service-accounts/default/token`;
    const asked = (headers: Readonly<Record<string, string>>) => fetch(url, { headers });
    const flavor = { "metadata-flavor": "Google" };
    assert.equal((await asked(flavor)).status, 404);
    await clouds.control("google", "PATCH", "settings", { metadataAccount: email });
    assert.equal((await asked({})).status, 403);
    assert.equal((await asked({ ...flavor, "x-forwarded-for": "192.0.2.1" })).status, 403);
    const response = await asked(flavor);
    assert.equal(response.headers.get("metadata-flavor"), "Google");
    const { access_token: token } = (await response.json()) as OAuthBody;
    const { body } = await clouds.google("GET", "/v1/userinfo", undefined, token);
    assert.equal(body.email, email);
    await clouds.control("google", "PATCH", "settings", { metadataAccount: "" });
  });

  it("refuses a key that is disabled or deleted, but not its earlier tokens", async () => {
    const key = await clouds.key(email);
    const token = await clouds.tokenFor(key);
    const path = keyPath(key);
    await clouds.google("POST", `${path}:disable`, {});
    await assertInvalidSignature(key);
    await clouds.google("POST", `${path}:enable`, {});
    assert.equal((await clouds.signIn(key)).status, 200);
    await clouds.google("DELETE", path);
    await assertInvalidSignature(key);
    assert.equal((await clouds.google("GET", "/v1/userinfo", undefined, token)).status, 200);
  });

  it("refuses a new key until it has propagated", async () => {
    await clouds.control("google", "PATCH", "settings", { keyDelayMs: 60_000 });
    const key = await clouds.key(email);
    await assertInvalidSignature(key);
    clouds.pass(60_000);
    assert.equal((await clouds.signIn(key)).status, 200);
    await clouds.control("google", "PATCH", "settings", { keyDelayMs: 0 });
  });

  it("accepts a self-signed token for the service", async () => {
    await clouds.grant(email, "roles/dns.reader");
    const own = async (audience: string) =>
      clouds.google(
        "GET",
        zonePath(),
        undefined,
        await clouds.assertion(credentials, { aud: audience, scope: undefined }),
      );
    assert.equal((await own("https://dns.googleapis.com/")).status, 200);
    assert.equal((await own("https://elsewhere.example/")).status, 401);
  });

  it("lets a token expire after an hour, or with its account", async () => {
    const token = await clouds.tokenFor(credentials);
    const use = () => clouds.google("GET", "/v1/userinfo", undefined, token);
    const account = `/v1/projects/${PROJECT_ID}/serviceAccounts/${email}`;
    await clouds.google("POST", `${account}:disable`, {});
    assert.equal((await use()).status, 401);
    assert.equal((await clouds.signIn(credentials)).body.error_description, "Robot is disabled.");
    await clouds.google("POST", `${account}:enable`, {});
    assert.equal((await use()).status, 200);
    clouds.pass(HOUR_MS);
    const { status, body } = await use();
    assert.equal(status, 401);
    assert.equal(body.error.status, "UNAUTHENTICATED");
  });

  it("refuses a call without a token", async () => {
    const { status, body } = await clouds.google("GET", zonePath(), undefined, null);
    assert.equal(status, 401);
    assert.match(body.error.message, /^Request is missing required authentication credential/);
  });

  it("returns the owner of a token", async () => {
    const token = await clouds.tokenFor(credentials);
    const { body } = await clouds.google<OAuthBody>("GET", `/tokeninfo?access_token=${token}`);
    assert.equal(body.email, email);
    const unknown = await clouds.google<OAuthBody>("GET", "/tokeninfo?access_token=nonsense");
    assert.equal(unknown.body.error, "invalid_token");
  });

  async function assertInvalidSignature(key: Credentials): Promise<void> {
    const { status, body } = await clouds.signIn(key);
    assert.equal(status, 400);
    assert.deepEqual(body, {
      error: "invalid_grant",
      error_description: "Invalid JWT Signature.",
    });
  }

  function keyPath(key: Credentials): string {
    return `/v1/projects/${PROJECT_ID}/serviceAccounts/${email}/keys/${key.private_key_id}`;
  }
});
