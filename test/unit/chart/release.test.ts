import assert from "node:assert/strict";
import { releaseNames } from "../../../chart/release.ts";

describe("release names", () => {
  const cases: readonly (readonly [string, Record<string, string | number>, string])[] = [
    ["akash-provider", {}, "akash-provider"],
    ["akash", {}, "akash-provider"],
    ["staging", {}, "staging-provider"],
    ["my-provider-2", {}, "my-provider-2"],
    ["akash", { nameOverride: "node" }, "akash-node"],
    ["akash", { fullnameOverride: "gateway" }, "gateway"],
    ["akash", { fullnameOverride: "" }, "akash-provider"],
    ["akash", { nameOverride: 20261201 }, "akash-20261201"],
    ["a".repeat(53), {}, `${"a".repeat(53)}-provider`],
    [`${"a".repeat(53)}`, { nameOverride: "bbbbbbbb-c" }, `${"a".repeat(53)}-bbbbbbbb`],
  ];
  for (const [release, overrides, fullname] of cases) {
    it(`of ${release} ${JSON.stringify(overrides)} begin with ${fullname}`, () => {
      assert.equal(releaseNames(release, overrides).fullname, fullname);
    });
  }

  it("of the default release are those of Akash's guides", () => {
    assert.deepEqual(releaseNames("akash-provider"), {
      fullname: "akash-provider",
      letsEncryptConfigMap: "akash-provider-letsencrypt",
      scriptsConfigMap: "akash-provider-script",
      walletSecret: "akash-provider-keys",
      googleCloudSecret: "akash-provider-gcp-dns",
      cloudflareSecret: "akash-provider-cloudflare-dns",
      pod: "akash-provider-0",
      claim: "home-akash-provider-0",
    });
  });
});
