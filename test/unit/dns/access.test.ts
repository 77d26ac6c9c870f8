import assert from "node:assert/strict";
import { findAccess, type PluginConfiguration } from "../../../dns/access.ts";

describe("access to the DNS providers", () => {
  const nothing: PluginConfiguration = () => undefined;
  const says =
    (settings: Readonly<Record<string, unknown>>): PluginConfiguration =>
    (plugin, setting) =>
      settings[`${plugin}:${setting}`];

  function google(settings: Readonly<Record<string, unknown>>, environment: NodeJS.ProcessEnv) {
    const { sources: _, ...access } = findAccess(says(settings), environment).googleCloud;
    return access;
  }

  function cloudflare(settings: Readonly<Record<string, unknown>>, environment: NodeJS.ProcessEnv) {
    const { sources: _, ...access } = findAccess(says(settings), environment).cloudflare;
    return access;
  }

  it("comes from the stack before the environment", () => {
    assert.deepEqual(
      google(
        { "gcp:dnsCustomEndpoint": "stack's", "gcp:accessToken": "stack's" },
        { GOOGLE_DNS_CUSTOM_ENDPOINT: "other", GOOGLE_OAUTH_ACCESS_TOKEN: "other" },
      ),
      { dnsEndpoint: "stack's", accessToken: "stack's" },
    );
    assert.deepEqual(
      cloudflare(
        { "cloudflare:baseUrl": "stack's", "cloudflare:apiToken": "stack's" },
        { CLOUDFLARE_BASE_URL: "other", CLOUDFLARE_API_TOKEN: "other" },
      ),
      { endpoint: "stack's", apiToken: "stack's" },
    );
  });

  it("comes from the environment where the stack sets nothing", () => {
    assert.deepEqual(
      google(
        {},
        {
          GOOGLE_DNS_CUSTOM_ENDPOINT: "dns",
          GOOGLE_IAM_BETA_CUSTOM_ENDPOINT: "iam",
          GOOGLE_RESOURCE_MANAGER_CUSTOM_ENDPOINT: "resource manager",
          GOOGLE_IAM_CREDENTIALS_CUSTOM_ENDPOINT: "iam credentials",
          GOOGLE_ORG_POLICY_CUSTOM_ENDPOINT: "org policy",
          GOOGLE_OAUTH_ACCESS_TOKEN: "token",
          GOOGLE_IMPERSONATE_SERVICE_ACCOUNT: "a@b",
          GOOGLE_CLOUD_UNIVERSE_DOMAIN: "example.org",
        },
      ),
      {
        dnsEndpoint: "dns",
        iamEndpoint: "iam",
        resourceManagerEndpoint: "resource manager",
        iamCredentialsEndpoint: "iam credentials",
        orgPolicyEndpoint: "org policy",
        accessToken: "token",
        impersonateServiceAccount: "a@b",
        universeDomain: "example.org",
      },
    );
    assert.deepEqual(
      cloudflare(
        {},
        {
          CLOUDFLARE_BASE_URL: "url",
          CLOUDFLARE_API_TOKEN: "token",
          CLOUDFLARE_API_KEY: "key",
          CLOUDFLARE_EMAIL: "a@b",
          CLOUDFLARE_API_USER_SERVICE_KEY: "service key",
        },
      ),
      {
        endpoint: "url",
        apiToken: "token",
        apiKey: "key",
        email: "a@b",
        userServiceKey: "service key",
      },
    );
  });

  it("takes Google's credentials from the first variable that the plugin reads", () => {
    const variables = ["GOOGLE_CREDENTIALS", "GOOGLE_CLOUD_KEYFILE_JSON", "GCLOUD_KEYFILE_JSON"];
    for (const [index, name] of variables.entries()) {
      const rest = Object.fromEntries(variables.slice(index + 1).map((other) => [other, "later"]));
      assert.deepEqual(google({}, { [name]: "file.json", ...rest }), { credentials: "file.json" });
    }
  });

  it("ignores the environment's identities where the stack sets one for Google", () => {
    const environment = {
      GOOGLE_OAUTH_ACCESS_TOKEN: "token",
      GOOGLE_CREDENTIALS: "other.json",
      GOOGLE_IMPERSONATE_SERVICE_ACCOUNT: "a@b",
    };
    assert.deepEqual(google({ "gcp:credentials": "mine.json" }, environment), {
      credentials: "mine.json",
      impersonateServiceAccount: "a@b",
    });
    const external = { audience: "a", serviceAccountEmail: "c@d", identityToken: "t" };
    assert.deepEqual(google({ "gcp:externalCredentials": JSON.stringify(external) }, environment), {
      externalCredentials: external,
    });
  });

  it("resolves each of Cloudflare's settings independently, since the plugin sends all of them", () => {
    assert.deepEqual(
      cloudflare(
        { "cloudflare:apiKey": "key" },
        { CLOUDFLARE_EMAIL: "a@b", CLOUDFLARE_API_TOKEN: "token" },
      ),
      { apiToken: "token", apiKey: "key", email: "a@b" },
    );
  });

  it("uses the billing project only with an override, else the quota project of Google's libraries", () => {
    const libraries = { GOOGLE_CLOUD_QUOTA_PROJECT: "libraries" };
    const billing = { ...libraries, GOOGLE_BILLING_PROJECT: "billing" };
    assert.equal(google({}, billing).quotaProject, "libraries");
    assert.equal(
      google({}, { ...billing, USER_PROJECT_OVERRIDE: "false" }).quotaProject,
      "libraries",
    );
    assert.equal(google({}, { ...billing, USER_PROJECT_OVERRIDE: "1" }).quotaProject, "billing");
    const stack = { "gcp:billingProject": "stack's", "gcp:userProjectOverride": "true" };
    assert.equal(google(stack, billing).quotaProject, "stack's");
  });

  it("reads lists in Pulumi's form", () => {
    const access = google(
      {
        "gcp:scopes": '["one","two"]',
        "gcp:impersonateServiceAccountDelegates": '["a@b"]',
      },
      {},
    );
    assert.deepEqual(access, {
      scopes: ["one", "two"],
      impersonateServiceAccountDelegates: ["a@b"],
    });
  });

  it("treats an empty value as unset, and removes blanks around a value", () => {
    assert.deepEqual(
      cloudflare(
        { "cloudflare:apiToken": "" },
        { CLOUDFLARE_API_TOKEN: " token\t", CLOUDFLARE_API_KEY: "", CLOUDFLARE_EMAIL: "  " },
      ),
      { apiToken: "token" },
    );
    assert.deepEqual(google({ "gcp:accessToken": "" }, { GOOGLE_CREDENTIALS: "file" }), {
      credentials: "file",
    });
  });

  it("comes from the environment where the stack's value is encrypted", () => {
    const encrypted: PluginConfiguration = () => ({ ciphertext: "v1:…" });
    const { googleCloud } = findAccess(encrypted, { GOOGLE_OAUTH_ACCESS_TOKEN: "token" });
    assert.equal(googleCloud.accessToken, "token");
  });

  it("names the source of each value", () => {
    const { sources } = findAccess(says({ "cloudflare:apiToken": "token" }), {
      CLOUDFLARE_BASE_URL: "url",
    }).cloudflare;
    assert.deepEqual(sources, {
      endpoint: "CLOUDFLARE_BASE_URL",
      apiToken: "cloudflare:apiToken",
    });
  });

  it("is undefined where neither sets anything", () => {
    assert.deepEqual(findAccess(nothing, {}), {
      googleCloud: { sources: {} },
      cloudflare: { sources: {} },
    });
  });
});
