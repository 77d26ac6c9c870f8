import assert from "node:assert/strict";
import { completedValues } from "../../../../adopt/cluster/fromRelease.ts";
import { releaseNames } from "../../../../chart/release.ts";
import type { ValueMap } from "../../../../lib/json.ts";
import { record } from "./record.ts";

const names = releaseNames("akash-provider");
const base64 = (text: string) => Buffer.from(text).toString("base64");

/** A file completed from a release with these values and Secrets. */
function completed(
  file: ValueMap,
  config: ValueMap,
  secrets: Readonly<Record<string, Readonly<Record<string, string>>>> = {},
  defaults: ValueMap = {},
) {
  const live = new Map(
    Object.entries(secrets).map(([name, data]) => [
      name,
      { data: Object.fromEntries(Object.entries(data).map(([key, text]) => [key, base64(text)])) },
    ]),
  );
  const release = record({ config });
  const chart = { ...release.chart, values: defaults };
  return completedValues(file, { ...release, chart }, live, names);
}

describe("a file completed from the release", () => {
  it("gets values set with --set, at any depth", () => {
    const file = { domain: "x", image: { pullPolicy: "Always" } };
    const config = {
      domain: "x",
      bidpricescript: "IyE=",
      image: { tag: "0.16.2", pullPolicy: "Never" },
      nodeSelector: { "example.com/disk": "ssd" },
    };
    assert.deepEqual(completed(file, config), {
      values: { ...config, image: { tag: "0.16.2", pullPolicy: "Always" } },
      taken: ["bidpricescript", "image.tag", "nodeSelector.example.com/disk"],
    });
  });

  it("takes precedence over the release, with lists as a whole", () => {
    const file = { attributes: [{ key: "a", value: "b" }], ipoperator: false, price_target_cpu: 0 };
    const config = { attributes: [1, 2], ipoperator: true, price_target_cpu: "1.60" };
    assert.deepEqual(completed(file, config), { values: file, taken: [] });
  });

  it("treats empty values as missing, also in the release", () => {
    const file = { email: "", website: null, letsEncrypt: null };
    const config = { email: "a@example.com", website: "", letsEncrypt: { acme: { email: null } } };
    assert.deepEqual(completed(file, config), {
      values: { ...file, email: "a@example.com" },
      taken: ["email"],
    });
  });

  it("gets empty values that remove one of the chart's values, and no others", () => {
    const defaults = { resources: { limits: { cpu: 2 } }, nodeSelector: {}, monitor: { a: 1 } };
    const config = { resources: { limits: null }, nodeSelector: null, monitor: null, other: null };
    assert.deepEqual(completed({ monitor: { a: 2 } }, config, {}, defaults), {
      values: { monitor: { a: 2 }, resources: { limits: null } },
      taken: ["resources.limits"],
    });
  });

  it("gets credentials missing in Helm's history from the Secrets, and only those in use", () => {
    const providers = {
      cloudflare: { enabled: true },
      googleCloud: { enabled: false },
    };
    const { values, taken } = completed(
      { letsEncrypt: { providers } },
      {},
      {
        [names.walletSecret]: { "key.txt": "armour\n", "key-pass.txt": "password\n" },
        [names.cloudflareSecret]: { CF_DNS_API_TOKEN: "token" },
        [names.googleCloudSecret]: { "service-account.json": "{}" },
      },
    );
    assert.deepEqual(values, {
      key: base64("armour\n"),
      keysecret: base64("password\n"),
      letsEncrypt: {
        providers: { ...providers, cloudflare: { enabled: true, apiToken: "token" } },
      },
    });
    assert.deepEqual(taken, ["key", "keysecret", "letsEncrypt.providers.cloudflare.apiToken"]);
  });
});
