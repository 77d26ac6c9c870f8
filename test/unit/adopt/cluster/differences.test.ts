import assert from "node:assert/strict";
import { differences, type Compared } from "../../../../adopt/cluster/differences.ts";
import { releaseNames } from "../../../../chart/release.ts";
import { record } from "./record.ts";

const names = releaseNames("akash-provider");
const secretData = (data: Record<string, string>) => ({
  data: Object.fromEntries(
    Object.entries(data).map(([key, text]) => [key, Buffer.from(text).toString("base64")]),
  ),
});

function compare(more: Partial<Compared>, config: Record<string, unknown> = {}) {
  return differences({
    values: {},
    secrets: {},
    live: new Map(),
    names,
    release: record({ config }),
    ...more,
  });
}

describe("the differences of a file from the release", () => {
  it("are none where both are the same", () => {
    const values = { domain: "x", image: { tag: "1" }, attributes: [{ key: "a", value: true }] };
    assert.deepEqual(compare({ values }, structuredClone(values)), []);
  });

  it("name values set with --set, new values, and changed values", () => {
    const values = { domain: "x", website: "https://new", empty: null };
    assert.deepEqual(compare({ values }, { domain: "y", bidpricescript: "SENTINEL" }), [
      { path: "domain", how: "not the same in the release" },
      { path: "website", how: "only in the file" },
      { path: "bidpricescript", how: "only in the release" },
    ]);
  });

  it("compare credentials with the Secrets and not with Helm's history", () => {
    const values = { key: "SENTINEL" };
    const live = new Map([
      [names.walletSecret, secretData({ "key.txt": "wallet\n", "key-pass.txt": "other" })],
    ]);
    const secrets = { walletKey: "wallet", walletPassword: "password", "dns.apiToken": "token" };
    assert.deepEqual(compare({ values, live, secrets }), [
      { path: "keysecret", how: "not the same in the release" },
      { path: "letsEncrypt.providers.cloudflare.apiToken", how: "only in the file" },
    ]);
  });
});
