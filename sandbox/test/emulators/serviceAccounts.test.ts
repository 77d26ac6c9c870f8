import assert from "node:assert/strict";
import { createPublicKey, X509Certificate } from "node:crypto";
import { Clouds, PROJECT_ID, readCredentials, ZONE, zonePath } from "./support.ts";

const ACCOUNTS = `/v1/projects/${PROJECT_ID}/serviceAccounts`;
const DAY_MS = 24 * 3600 * 1000;

describe("service accounts of Google", () => {
  let clouds: Clouds;

  beforeEach(async () => {
    clouds = await Clouds.seeded();
  });

  afterEach(() => clouds.close());

  it("are created, read, listed and changed", async () => {
    const email = await clouds.account();
    assert.equal(email, `dns-issuer@${PROJECT_ID}.iam.gserviceaccount.com`);
    const { body: account } = await clouds.google("GET", `${ACCOUNTS}/${email}`);
    assert.equal(account.name, `projects/${PROJECT_ID}/serviceAccounts/${email}`);
    assert.equal(account.displayName, "Issuer");
    assert.match(account.uniqueId, /^\d{21}$/);
    const { body: changed } = await clouds.google("PATCH", `${ACCOUNTS}/${email}`, {
      serviceAccount: { description: "For ACME", displayName: "Other", etag: account.etag },
      updateMask: "description",
    });
    assert.equal(changed.description, "For ACME");
    assert.equal(changed.displayName, "Issuer");
    const stale = await clouds.google("PATCH", `${ACCOUNTS}/${email}`, {
      serviceAccount: { description: "", etag: account.etag },
    });
    assert.equal(stale.status, 409);
    const { body: list } = await clouds.google("GET", ACCOUNTS);
    assert.deepEqual(
      list.accounts.map((entry) => entry.email),
      [email],
    );
  });

  it("have ids in the required format, each used once", async () => {
    for (const accountId of [
      "short",
      "9digits-first",
      "Upper-case",
      "ends-with-",
      "x".repeat(31),
    ]) {
      const { status, body } = await clouds.google("POST", ACCOUNTS, { accountId });
      assert.equal(status, 400, accountId);
      assert.equal(body.error.status, "INVALID_ARGUMENT");
    }
    await clouds.account();
    const { status, body } = await clouds.google("POST", ACCOUNTS, { accountId: "dns-issuer" });
    assert.equal(status, 409);
    assert.equal(body.error.status, "ALREADY_EXISTS");
    assert.equal(
      body.error.message,
      `Service account dns-issuer already exists within project projects/${PROJECT_ID}.`,
    );
  });

  it("block their id for 30 days after deletion", async () => {
    const email = await clouds.account();
    assert.equal((await clouds.google("DELETE", `${ACCOUNTS}/${email}`)).status, 200);
    assert.equal((await clouds.google("GET", `${ACCOUNTS}/${email}`)).status, 404);
    assert.equal((await clouds.google("DELETE", `${ACCOUNTS}/${email}`)).status, 404);
    const again = () => clouds.google("POST", ACCOUNTS, { accountId: "dns-issuer" });
    assert.equal((await again()).status, 409);
    clouds.pass(30 * DAY_MS);
    assert.equal((await again()).status, 200);
  });

  it("free their id at once if configured", async () => {
    await clouds.control("google", "PATCH", "settings", { reuseDeletedIds: true });
    const email = await clouds.account();
    const { body: first } = await clouds.google("GET", `${ACCOUNTS}/${email}`);
    await clouds.grant(email, "roles/dns.admin", zonePath());
    await clouds.google("DELETE", `${ACCOUNTS}/${email}`);
    await clouds.account();
    const token = await clouds.tokenFor(await clouds.key(email));
    assert.equal(
      (await clouds.google("GET", zonePath(), undefined, token)).status,
      403,
      "the new account has none of the old one's roles",
    );
    const undelete = await clouds.google("POST", `${ACCOUNTS}/${first.uniqueId}:undelete`, {});
    assert.equal(undelete.body.error.status, "FAILED_PRECONDITION");
  });

  it("are restored with their keys and grants, within 30 days", async () => {
    const email = await clouds.account();
    const credentials = await clouds.key(email);
    await clouds.grant(email, "roles/dns.admin", zonePath());
    const { body: account } = await clouds.google("GET", `${ACCOUNTS}/${email}`);
    await clouds.google("DELETE", `${ACCOUNTS}/${email}`);
    const { body: policy } = await clouds.google("POST", `${zonePath()}:getIamPolicy`, {});
    assert.deepEqual(policy.bindings[0].members, [
      `deleted:serviceAccount:${email}?uid=${account.uniqueId}`,
    ]);
    assert.match((await clouds.signIn(credentials)).body.error_description, /account not found$/);
    const undelete = () => clouds.google("POST", `${ACCOUNTS}/${account.uniqueId}:undelete`, {});
    assert.equal((await undelete()).body.restoredAccount.email, email);
    const token = await clouds.tokenFor(credentials);
    assert.equal((await clouds.google("GET", zonePath(), undefined, token)).status, 200);
    await clouds.google("DELETE", `${ACCOUNTS}/${email}`);
    clouds.pass(30 * DAY_MS);
    assert.equal((await undelete()).status, 403);
  });

  it("have policies of their own", async () => {
    const email = await clouds.account();
    const path = `${ACCOUNTS}/${email}`;
    const member = `serviceAccount:${PROJECT_ID}.svc.id.goog[akash-services/akash-provider]`;
    const { status } = await clouds.google("POST", `${path}:setIamPolicy`, {
      policy: { bindings: [{ role: "roles/iam.workloadIdentityUser", members: [member] }] },
    });
    assert.equal(status, 200);
    const { body } = await clouds.google("POST", `${path}:getIamPolicy`, {});
    assert.deepEqual(body.bindings[0].members, [member]);
  });

  it("respond with 404 by name and 403 by the wildcard project if they are unknown", async () => {
    const unknown = `nobody@${PROJECT_ID}.iam.gserviceaccount.com`;
    assert.equal((await clouds.google("GET", `${ACCOUNTS}/${unknown}`)).status, 404);
    const wildcard = `/v1/projects/-/serviceAccounts/${unknown}`;
    assert.equal((await clouds.google("GET", wildcard)).status, 403);
  });
});

describe("service account keys of Google", () => {
  let clouds: Clouds;
  let email: string;

  beforeEach(async () => {
    clouds = await Clouds.seeded();
    email = await clouds.account();
  });

  afterEach(() => clouds.close());

  it("return the private half once, as a file for client libraries", async () => {
    const { body: made } = await clouds.google(
      "POST",
      `/v1/projects/-/serviceAccounts/${email}/keys`,
      { keyAlgorithm: "KEY_ALG_RSA_2048", privateKeyType: "TYPE_GOOGLE_CREDENTIALS_FILE" },
    );
    const file = readCredentials(made.privateKeyData);
    assert.equal(file.type, "service_account");
    assert.equal(file.project_id, PROJECT_ID);
    assert.equal(file.client_email, email);
    assert.equal(file.token_uri, `${clouds.running.googleUrl}/token`);
    assert.equal(file.universe_domain, "googleapis.com");
    assert.match(file.private_key, /^-----BEGIN PRIVATE KEY-----\n/);
    assert.equal(
      made.name,
      `projects/${PROJECT_ID}/serviceAccounts/${email}/keys/${file.private_key_id}`,
    );
    assert.equal(made.validBeforeTime, "9999-12-31T23:59:59Z");

    const { body: read } = await clouds.google(
      "GET",
      `/v1/${made.name}?publicKeyType=TYPE_X509_PEM_FILE`,
    );
    assert.equal(read.privateKeyData, undefined);
    const certificate = new X509Certificate(Buffer.from(read.publicKeyData, "base64"));
    const expected = createPublicKey(file.private_key);
    assert.equal(certificate.publicKey.equals(expected), true);
    assert.equal(certificate.verify(expected), true);
    const { body: raw } = await clouds.google(
      "GET",
      `/v1/${made.name}?publicKeyType=TYPE_RAW_PUBLIC_KEY`,
    );
    assert.equal(createPublicKey(Buffer.from(raw.publicKeyData, "base64")).equals(expected), true);
  });

  it("have 2048 bits, and other algorithms are refused", async () => {
    const path = `/v1/projects/-/serviceAccounts/${email}/keys`;
    const make = (keyAlgorithm: string) => clouds.google("POST", path, { keyAlgorithm });
    const { body: made } = await make("KEY_ALG_UNSPECIFIED");
    assert.equal(made.keyAlgorithm, "KEY_ALG_RSA_2048");
    for (const [algorithm, words] of [
      ["KEY_ALG_RSA_1024", /^The emulator makes keys of KEY_ALG_RSA_2048 only/],
      ["KEY_ALG_OTHER", /^Invalid value at 'key_algorithm': "KEY_ALG_OTHER"$/],
    ] as const) {
      const { status, body } = await make(algorithm);
      assert.equal(status, 400);
      assert.match(body.error.message, words);
    }
  });

  it("are limited to ten per account, with an error that does not mention the limit", async () => {
    for (let made = 0; made < 10; made += 1) {
      await clouds.key(email);
    }
    const path = `/v1/projects/${PROJECT_ID}/serviceAccounts/${email}/keys`;
    const { status, body } = await clouds.google("POST", path, {});
    assert.equal(status, 400);
    assert.equal(body.error.message, "Precondition check failed.");
    assert.equal(body.error.status, "FAILED_PRECONDITION");
    const { body: list } = await clouds.google("GET", path);
    assert.equal(list.keys.length, 10);
    assert.equal((await clouds.google("DELETE", `/v1/${list.keys[0].name}`)).status, 200);
    assert.equal((await clouds.google("DELETE", `/v1/${list.keys[0].name}`)).status, 404);
    assert.equal((await clouds.google("POST", path, {})).status, 200);
  }).timeout(60_000);

  it("require the permission on the account", async () => {
    const token = await clouds.tokenFor(await clouds.key(email));
    const path = `/v1/projects/${PROJECT_ID}/serviceAccounts/${email}/keys`;
    const { status, body } = await clouds.google("POST", path, {}, token);
    assert.equal(status, 403);
    assert.equal(
      body.error.message,
      `Permission 'iam.serviceAccountKeys.create' denied on resource ` +
        `'projects/${PROJECT_ID}/serviceAccounts/${email}' (or it may not exist).`,
    );
    await clouds.grant(email, "roles/iam.serviceAccountKeyAdmin");
    assert.equal((await clouds.google("POST", path, {}, token)).status, 200);
    assert.equal(
      (
        await clouds.google(
          "GET",
          `/dns/v1/projects/${PROJECT_ID}/managedZones/${ZONE}`,
          undefined,
          token,
        )
      ).status,
      403,
    );
  });
});
