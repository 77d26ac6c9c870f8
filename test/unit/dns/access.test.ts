import assert from "node:assert/strict";
import { findAccess, type PluginConfiguration } from "../../../dns/access.ts";

describe("the clouds' access", () => {
  const settings: PluginConfiguration = (plugin, setting) => `${plugin}:${setting}`;
  const nothing: PluginConfiguration = () => undefined;
  const environment = {
    GOOGLE_DNS_CUSTOM_ENDPOINT: "dns",
    GOOGLE_IAM_BETA_CUSTOM_ENDPOINT: "iam",
    GOOGLE_RESOURCE_MANAGER_CUSTOM_ENDPOINT: "resource manager",
    GOOGLE_OAUTH_ACCESS_TOKEN: "access token",
    GOOGLE_CREDENTIALS: "credentials",
    CLOUDFLARE_BASE_URL: "base URL",
    CLOUDFLARE_API_TOKEN: "API token",
  };
  const fromEnvironment = {
    googleCloud: {
      dnsEndpoint: "dns",
      iamEndpoint: "iam",
      resourceManagerEndpoint: "resource manager",
      accessToken: "access token",
      credentials: "credentials",
    },
    cloudflare: { endpoint: "base URL", apiToken: "API token" },
  };

  it("is what the stack says, before what the environment does", () => {
    assert.deepEqual(findAccess(settings, environment), {
      googleCloud: {
        dnsEndpoint: "gcp:dnsCustomEndpoint",
        iamEndpoint: "gcp:iamBetaCustomEndpoint",
        resourceManagerEndpoint: "gcp:resourceManagerCustomEndpoint",
        accessToken: "gcp:accessToken",
        credentials: "gcp:credentials",
      },
      cloudflare: { endpoint: "cloudflare:baseUrl", apiToken: "cloudflare:apiToken" },
    });
  });

  it("is what the environment says where the stack says nothing", () => {
    assert.deepEqual(findAccess(nothing, environment), fromEnvironment);
  });

  it("is found for each setting by itself", () => {
    const { cloudflare } = findAccess(
      (_plugin, setting) => (setting === "baseUrl" ? "https://a" : undefined),
      environment,
    );
    assert.deepEqual(cloudflare, { endpoint: "https://a", apiToken: "API token" });
  });

  it("is the environment's where what the stack says is encrypted", () => {
    const encrypted: PluginConfiguration = () => ({ ciphertext: "v1:…" });
    assert.deepEqual(findAccess(encrypted, environment), fromEnvironment);
  });

  it("is left to the vendors where neither says anything", () => {
    const { googleCloud, cloudflare } = findAccess(nothing, {});
    assert.deepEqual(
      new Set(Object.values({ ...googleCloud, ...cloudflare })),
      new Set([undefined]),
    );
  });
});
