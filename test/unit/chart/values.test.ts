import assert from "node:assert/strict";
import * as pulumi from "@pulumi/pulumi";
import { parametersAnnotation } from "../../../chart/parameters.ts";
import { chartValues } from "../../../chart/values.ts";
import type { Cluster } from "../../../components/index.ts";
import { providerArgs } from "../../../config/args.ts";
import { readConfig } from "../../../config/index.ts";
import { configSource } from "../../support/settings.ts";

/** The values of a stack with these settings. */
function values(settings: Record<string, string> = {}): Record<string, unknown> {
  const config = readConfig(configSource(settings));
  return chartValues(providerArgs(config, {} as Cluster, undefined), { parameters: "p" });
}

const json = (value: unknown) => JSON.stringify(value);

describe("chart values", () => {
  it("of the minimal configuration do not override the chart's defaults", () => {
    const { serviceAccount, ...rest } = values();
    assert.deepEqual(rest, {
      from: "akash1qypqxpq9qcrsszg2pvxq6rs0zqg3yyc5lzv7xu",
      domain: "example.com",
      email: "operator@example.com",
      attributes: [],
      letsEncrypt: {
        enabled: true,
        acme: {
          caDirUrl: "https://acme-v02.api.letsencrypt.org/directory",
          email: "operator@example.com",
        },
      },
      gatewayApi: { enabled: true },
    });
    assert.deepEqual(Object.keys(serviceAccount as object), ["annotations"]);
  });

  it("contain every setting of Akash's complete example", () => {
    const attributes = [
      { key: "region", value: "us-east" },
      { key: "capabilities/gpu/vendor/nvidia/model/rtx4000", value: true },
    ];
    const actual = values({
      node: "https://rpc.example.com:443",
      chainid: "akashnet-2",
      withdrawalperiod: "12h",
      bidmindeposit: "5000000uakt",
      website: "https://example.com",
      price_target_gpu_mappings: "rtx4000=80,*=110",
      bidPriceScript: "test/support/price_script.sh",
      attributes: json(attributes),
      storageClass: "beta3",
    });
    assert.equal(actual.node, "https://rpc.example.com:443");
    assert.equal(actual.chainid, "akashnet-2");
    assert.equal(actual.withdrawalperiod, "12h");
    assert.equal(actual.bidmindeposit, "5000000uakt");
    assert.equal(actual.website, "https://example.com");
    assert.equal(actual.price_target_gpu_mappings, "rtx4000=80,*=110");
    assert.deepEqual(actual.attributes, [
      { key: "region", value: "us-east" },
      { key: "capabilities/gpu/vendor/nvidia/model/rtx4000", value: "true" },
    ]);
    assert.deepEqual((actual.letsEncrypt as { storage: unknown }).storage, {
      storageClass: "beta3",
    });
  });

  it("contain the bid price script encoded, as the chart decodes it", () => {
    const { bidpricescript } = values({ bidPriceScript: "test/support/price_script.sh" });
    assert.match(Buffer.from(bidpricescript as string, "base64").toString(), /^#!\/bin\/sh\n/);
  });

  it("switch between Gateway API and Ingress", () => {
    const { gatewayApi, ingress } = values({
      ingress: json({ mode: "ingress", className: "nginx" }),
    });
    assert.deepEqual(
      { gatewayApi, ingress },
      {
        gatewayApi: { enabled: false },
        ingress: { className: "nginx" },
      },
    );
    const { gatewayApi: gateway } = values({
      ingress: json({ mode: "gateway-api", gatewayName: "entry", gatewayNamespace: "edge" }),
    });
    assert.deepEqual(gateway, { enabled: true, gatewayName: "entry", gatewayNamespace: "edge" });
  });

  it("are merged with the stack's own last, map by map", () => {
    const actual = values({
      values: json({
        letsEncrypt: { acme: { httpChallengePort: 5003 } },
        serviceAccount: { annotations: { team: "ops" } },
        resources: { limits: { cpu: "4" } },
      }),
    });
    assert.deepEqual((actual.letsEncrypt as { acme: unknown }).acme, {
      caDirUrl: "https://acme-v02.api.letsencrypt.org/directory",
      email: "operator@example.com",
      httpChallengePort: 5003,
    });
    const { annotations } = actual.serviceAccount as { annotations: Record<string, string> };
    assert.deepEqual(Object.keys(annotations), [parametersAnnotation, "team"]);
    assert.deepEqual(actual.resources, { limits: { cpu: "4" } });
  });

  it("contain the digits of numbers that the chart prints, and numbers that it renders as YAML", () => {
    // In Pulumi's form; no double can represent the last number.
    const own = `{
      "minimumbalance": 10000000, "gas": 999999, "negative": -1234567.5, "small": 0.00001, "scale": 0.004,
      "monitor": { "maxRetries": 2304, "list": [20000000, { "deep": 1e22 }] },
      "storage": { "home": { "size": 10737418240 } },
      "huge": 9007199254740993,
      "resources": { "limits": { "memory": 4294967296, "cpu": 2 } },
      "podSecurityContext": { "fsGroup": 1000650000 },
      "securityContext": { "runAsUser": 1000650000 },
      "nodeSelector": { "rack": 1000000 },
      "affinity": { "nodeAffinity": { "weights": [1000000] } },
      "tolerations": [{ "key": "a", "tolerationSeconds": 3000000 }],
      "serviceAccount": { "annotations": { "id": 1000000 } }
    }`;
    const actual = values({ values: own });
    const others = ["from", "domain", "email", "attributes", "letsEncrypt", "gatewayApi"];
    const given = Object.entries(actual).filter(([name]) => !others.includes(name));
    assert.deepEqual(Object.fromEntries(given), {
      minimumbalance: "10000000",
      gas: 999999,
      negative: "-1234567.5",
      small: "0.00001",
      scale: 0.004,
      monitor: { maxRetries: 2304, list: ["20000000", { deep: "10000000000000000000000" }] },
      storage: { home: { size: "10737418240" } },
      huge: "9007199254740993",
      resources: { limits: { memory: 4294967296, cpu: 2 } },
      podSecurityContext: { fsGroup: 1000650000 },
      securityContext: { runAsUser: 1000650000 },
      nodeSelector: { rack: 1000000 },
      affinity: { nodeAffinity: { weights: [1000000] } },
      tolerations: [{ key: "a", tolerationSeconds: 3000000 }],
      serviceAccount: { annotations: { id: 1000000, [parametersAnnotation]: "p" } },
    });
  });

  it("contain the digits of numbers from Outputs", async () => {
    const config = readConfig(configSource({}));
    const own = {
      minimumbalance: pulumi.output(10000000),
      monitor: Promise.resolve({ maxRetries: 2000000, retryPeriod: "4s" }),
    };
    const { minimumbalance, monitor } = chartValues(
      { ...providerArgs(config, {} as Cluster, undefined), values: own },
      { parameters: "p" },
    );
    const known = await new Promise((resolve) => {
      pulumi.all([minimumbalance, monitor]).apply(resolve);
    });
    assert.deepEqual(known, ["10000000", { maxRetries: "2000000", retryPeriod: "4s" }]);
  });

  it("contain a date of the stack's file as written there, at any depth", () => {
    const { build, list } = values({
      values: json({
        build: { date: "2026-12-01 00:00:00 +0000 UTC", at: "2026-12-01 10:00:00 +0200 +0200" },
        list: ["2026-12-02 00:00:00 +0000 UTC", "22:30"],
      }),
    });
    assert.deepEqual(build, { date: "2026-12-01", at: "2026-12-01T10:00:00+02:00" });
    assert.deepEqual(list, ["2026-12-02", "22:30"]);
  });

  it("contain no credential", () => {
    assert.doesNotMatch(json(values()), /SENTINEL|PRIVATE KEY/);
  });
});
