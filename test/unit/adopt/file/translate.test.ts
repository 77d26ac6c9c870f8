import assert from "node:assert/strict";
import { translate, type TranslateOptions } from "../../../../adopt/file/translate.ts";
import type { ValueMap } from "../../../../lib/json.ts";
import { walletKey, walletPassword } from "../../../support/settings.ts";
import { fixture } from "./fixture.ts";

describe("the translation of", () => {
  describe("the guide's complete example", () => {
    const { settings, secrets, values, dropped, problems, script } = translate(fixture("guide"));

    it("translates values with their own setting", () => {
      const { attributes, ...rest } = settings;
      assert.deepEqual(rest, {
        from: "akash1qypqxpq9qcrsszg2pvxq6rs0zqg3yyc5lzv7xu",
        domain: "example.com",
        website: "https://example.com",
        node: "https://rpc.example.com:443",
        chainid: "akashnet-2",
        withdrawalperiod: "12h",
        bidmindeposit: "5000000uakt",
        acmeDirectory: "production",
        challenge: "http-01",
      });
      assert.equal((attributes as unknown[]).length, 9);
      assert.deepEqual((attributes as unknown[])[5], {
        key: "capabilities/storage/1/persistent",
        value: true,
      });
    });

    it("decodes the wallet, to the last line break", () => {
      assert.deepEqual(secrets, { walletKey, walletPassword: `${walletPassword}\n` });
    });

    it("drops the price target without effect, and reports the reason", () => {
      assert.deepEqual(
        dropped.map(({ path }) => path),
        ["price_target_gpu_mappings"],
      );
      assert.match(dropped[0]?.why ?? "", /^Without bidpricescript, the value has no effect/);
    });

    it("leaves no remaining values", () => {
      assert.deepEqual(
        { values, problems, script },
        { values: {}, problems: [], script: undefined },
      );
    });
  });

  describe("a file of chart 12.1 with dns.providers", () => {
    const options = { zone: "example.com", deployedChart: "12.1.2", scriptFile: "stacks/x.sh" };
    const { settings, secrets, values, dropped, problems, script } = translate(
      fixture("chart-12.1"),
      options,
    );

    it("takes the DNS provider, with the named zone", () => {
      assert.equal(settings.challenge, "dns-01");
      assert.deepEqual(settings.dns, { provider: "cloudflare", zone: "example.com" });
    });

    it("takes the token without its line break", () => {
      assert.equal(secrets["dns.apiToken"], "SENTINEL-cloudflare-token-0123456789abcdef");
    });

    it("names Let's Encrypt's directory", () => {
      assert.equal(settings.acmeDirectory, "staging");
    });

    it("takes the bid price script and its price targets", () => {
      assert.deepEqual(script, { file: "stacks/x.sh", text: "#!/bin/sh\necho 1\n" });
      assert.equal(settings.bidPriceScript, "stacks/x.sh");
      assert.equal(settings.price_target_cpu, "1.6");
      assert.equal(settings.price_target_gpu_mappings, "rtx4000=80,*=110");
    });

    it("keeps the Ingress of charts before the Gateway API", () => {
      assert.deepEqual(settings.ingress, { mode: "ingress" });
    });

    it("keeps values without their own setting unchanged", () => {
      assert.deepEqual(values, { image: { pullPolicy: "Always" } });
    });

    it("reports what it dropped, and drops the image of the upgraded chart", () => {
      assert.deepEqual(dropped.map(({ path }) => path).sort(), [
        "image.tag",
        "letsEncrypt.acme.externalAccountBinding",
        "letsEncrypt.dns.providers",
        "letsEncrypt.providers.googleCloud",
        "letsEncrypt.storage",
      ]);
    });

    it("has no problem", () => {
      assert.deepEqual(problems, []);
    });
  });

  describe("a file with Google Cloud", () => {
    const { settings, secrets, values, dropped, problems } = translate(fixture("google-cloud"), {
      zone: "example-com",
    });

    it("takes the project from the key, and the key unchanged", () => {
      const { dns } = settings;
      assert.deepEqual(dns, {
        provider: "googleCloud",
        project: "my-project",
        zone: "example-com",
      });
      const key = secrets["dns.serviceAccountKey"] ?? "";
      assert.match(key, /^\{\n {2}"type": "service_account"[^]*\}\n$/);
    });

    it("takes the Ingress and drops what belongs to the Gateway API", () => {
      assert.deepEqual(settings.ingress, { mode: "ingress", className: "nginx" });
      assert.deepEqual(dropped, [
        { path: "tolerations", why: "It is empty" },
        { path: "gatewayApi.gatewayName", why: "The Gateway API is off" },
      ]);
    });

    it("takes the storage class", () => {
      assert.equal(settings.storageClass, "beta2");
    });

    it("keeps the rest with its types", () => {
      assert.deepEqual(values, {
        gatewayApi: { implementation: "nginx" },
        ingress: { annotations: { "example.com/note": "1" } },
        nodeSelector: { "example.com/disk": "true" },
        resources: { requests: { cpu: "500m" } },
      });
      assert.deepEqual(problems, []);
    });
  });

  it("reports all errors of a file, and none of the values", () => {
    const { problems } = translate(fixture("both-providers"), { zone: "example.com" });
    assert.deepEqual(problems.map(({ path }) => path).sort(), ["from", "gatewayApi", "key"]);
    assert.doesNotMatch(JSON.stringify(problems), /SENTINEL|not base64!/);
  });
});

describe("the translation of a value", () => {
  const settingsOf = (values: ValueMap, options?: TranslateOptions) =>
    translate(values, options).settings;
  const problemOf = (values: ValueMap, options?: TranslateOptions) =>
    translate(values, options).problems.map(({ path, problem }) => `${path} ${problem}`);
  const letsEncrypt = (more: ValueMap) => ({ letsEncrypt: more });

  it("uses the chart's default directory, production, without a value", () => {
    assert.equal(settingsOf({}).acmeDirectory, "production");
  });

  it("uses staging for an empty directory, like the provider", () => {
    assert.equal(settingsOf(letsEncrypt({ acme: { caDirUrl: "" } })).acmeDirectory, "staging");
  });

  it("keeps the URL of another directory", () => {
    const caDirUrl = "https://ca.example.com/dir";
    assert.equal(settingsOf(letsEncrypt({ acme: { caDirUrl } })).acmeDirectory, caDirUrl);
  });

  it("takes the issuer's e-mail address where there is no other, and drops it where there is", () => {
    const acme = { email: "acme@example.com" };
    assert.equal(settingsOf(letsEncrypt({ acme })).email, "acme@example.com");
    const both = translate({ email: "chain@example.com", ...letsEncrypt({ acme }) });
    assert.equal(both.settings.email, "chain@example.com");
    assert.deepEqual(
      both.dropped.map(({ path }) => path),
      ["letsEncrypt.acme.email"],
    );
  });

  it("drops the storage class that the chart does not prefer", () => {
    const attributes = [
      { key: "capabilities/storage/1/class", value: "beta3" },
      { key: "capabilities/storage/1/persistent", value: true },
    ];
    const { settings, dropped } = translate({
      attributes,
      ...letsEncrypt({ storage: { storageClass: "beta2" } }),
    });
    assert.equal(settings.storageClass, undefined);
    assert.match(dropped[0]?.why ?? "", /prefers beta3/);
  });

  it("takes the Gateway by name, and omits the default", () => {
    const gatewayApi = { gatewayName: "mine", gatewayNamespace: "edge" };
    assert.deepEqual(settingsOf({ gatewayApi }).ingress, { mode: "gateway-api", ...gatewayApi });
    assert.equal(settingsOf({ gatewayApi: { enabled: true } }).ingress, undefined);
    assert.equal(settingsOf({}, { deployedChart: "16.0.0" }).ingress, undefined);
  });

  it("requires the zone of a credential", () => {
    const providers = { cloudflare: { enabled: true, apiToken: "SENTINEL" } };
    assert.match(problemOf(letsEncrypt({ providers }))[0] ?? "", /add --zone/);
  });

  it("refuses a DNS provider without its credential, or with an invalid one", () => {
    for (const providers of [
      { cloudflare: { enabled: true } },
      { cloudflare: { enabled: true, apiToken: "" } },
      { googleCloud: { enabled: true } },
      { googleCloud: { enabled: true, serviceAccount: { content: "SENTINEL" } } },
      { googleCloud: { enabled: true, serviceAccount: { content: '{"type":"authorized_user"}' } } },
    ]) {
      const [problem = "", ...others] = problemOf(letsEncrypt({ providers }), { zone: "x" });
      assert.match(problem, /is missing|is not the JSON key file/);
      assert.deepEqual(others, []);
    }
  });

  it("refuses a listed DNS provider that is not enabled, where the chart reads the list", () => {
    const values = letsEncrypt({ enabled: true, dns: { providers: ["gcloud"] } });
    assert.deepEqual(problemOf(values, { deployedChart: "12.1.2" }), [
      "letsEncrypt.dns.providers names googleCloud, but letsEncrypt.providers.googleCloud.enabled is not true",
    ]);
    assert.deepEqual(
      problemOf(letsEncrypt({ enabled: true, dns: { providers: ["route53"] } }), {
        deployedChart: "12.1.2",
      }),
      ["letsEncrypt.dns.providers contains a name other than cf and gcloud"],
    );
  });

  it("drops the list of DNS providers, with any content, where no chart reads it", () => {
    for (const providers of [["gcloud"], ["route53"], "cf", { cf: true }]) {
      const { problems, dropped, settings } = translate(letsEncrypt({ dns: { providers } }));
      assert.deepEqual(problems, []);
      assert.equal(settings.challenge, "http-01");
      assert.match(dropped[0]?.why ?? "", /No chart since 12\.1\.3 reads the value/);
    }
  });

  it("takes the listed one of two enabled providers, where the chart reads the list", () => {
    const cloudflare = { enabled: true, apiToken: "SENTINEL" };
    for (const listed of [["cf"], "cf"]) {
      const { problems, settings } = translate(
        letsEncrypt({
          dns: { providers: listed },
          providers: { cloudflare, googleCloud: { enabled: true } },
        }),
        { deployedChart: "12.1.2", zone: "example.com" },
      );
      assert.deepEqual(problems, []);
      assert.deepEqual(settings.dns, { provider: "cloudflare", zone: "example.com" });
    }
  });

  it("takes the first of two enabled providers, without a list", () => {
    const { problems, settings, dropped } = translate(
      letsEncrypt({
        providers: {
          cloudflare: { enabled: true, apiToken: "SENTINEL" },
          googleCloud: { enabled: true },
        },
      }),
      { zone: "example.com" },
    );
    assert.deepEqual(problems, []);
    assert.deepEqual(settings.dns, { provider: "cloudflare", zone: "example.com" });
    assert.deepEqual(
      dropped.map(({ path }) => path),
      ["letsEncrypt.providers.googleCloud"],
    );
  });

  it("turns Let's Encrypt on where it is off, only with the requested options", () => {
    const providers = { cloudflare: { enabled: true } };
    for (const [enabled, deployedChart] of [
      [false, "14.0.8"],
      ["", "14.0.8"],
      [undefined, "12.1.2"],
    ] as const) {
      const values = letsEncrypt({ enabled, dns: { providers: ["route53"] }, providers });
      const { problems, settings, dropped, values: rest } = translate(values, { deployedChart });
      assert.deepEqual(problems, []);
      assert.deepEqual([settings.challenge, rest], ["http-01", {}]);
      assert.deepEqual(
        dropped.map(({ path }) => path),
        ["letsEncrypt.enabled", "letsEncrypt.dns", "letsEncrypt.providers"],
      );
      assert.match(dropped[0]?.why ?? "", /the next up turns it on$/);
    }
    const token = letsEncrypt({
      enabled: false,
      providers: { cloudflare: { enabled: true, apiToken: "SENTINEL" } },
    });
    assert.equal(translate(token, { zone: "example.com" }).settings.challenge, "dns-01");
  });

  it("takes an account and attributes like the chart's scripts", () => {
    const address = "akash1qypqxpq9qcrsszg2pvxq6rs0zqg3yyc5lzv7xu";
    const attributes = [{ key: "a", value: "text\n" }];
    assert.deepEqual(settingsOf({ from: ` ${address} `, attributes }), {
      from: address,
      attributes: [{ key: "a", value: "text" }],
      acmeDirectory: "production",
      challenge: "http-01",
    });
    assert.equal("attributes" in settingsOf({ attributes: {} }), false);
  });

  it("writes a domain in the form that a route accepts, and reports it", () => {
    const { settings, dropped } = translate({ domain: "Example.COM." });
    assert.equal(settings.domain, "example.com");
    assert.deepEqual(
      dropped.map(({ path }) => path),
      ["domain"],
    );
    assert.deepEqual(translate({ domain: "bücher.example" }).dropped, []);
  });

  it("reports empty values that remove one of the chart's values, which the next up restores", () => {
    const { values, settings, dropped } = translate(
      {
        node: null,
        letsEncrypt: null,
        resources: { limits: null },
        monitor: { maxRetries: null },
        nodeSelector: null,
        mine: null,
      },
      {
        defaults: {
          node: "https://rpc.example.com",
          letsEncrypt: { enabled: true },
          resources: { limits: { cpu: 2 } },
          monitor: { maxRetries: 40 },
          nodeSelector: {},
        },
      },
    );
    assert.deepEqual(values, {});
    assert.equal(settings.node, undefined);
    const isRestored = ({ why }: { readonly why: string }) => why.includes("restores the value");
    assert.deepEqual(
      dropped.filter(isRestored).map(({ path }) => path),
      ["node", "letsEncrypt", "resources.limits", "monitor.maxRetries"],
    );
    assert.deepEqual(
      dropped.filter((one) => !isRestored(one)).map(({ path }) => path),
      ["nodeSelector", "mine"],
    );
  });

  it("treats empty values as missing", () => {
    const { settings, problems, script, values } = translate({
      email: "",
      website: "",
      node: " ",
      bidpricescript: "",
      gatewayApi: { gatewayName: "" },
      letsEncrypt: { acme: { email: "acme@example.com" }, storage: { storageClass: "" } },
    });
    assert.deepEqual(problems, []);
    assert.deepEqual(settings, {
      email: "acme@example.com",
      acmeDirectory: "production",
      challenge: "http-01",
    });
    assert.deepEqual([script, values], [undefined, {}]);
    assert.equal(
      translate({ email: "a@example.com", ...letsEncrypt({ acme: { email: "" } }) }).settings.email,
      "a@example.com",
    );
  });

  it("keeps a price target that the chart does not know, for a chart that does", () => {
    const { values, problems } = translate({ price_target_tpu: 1, price_target_cpu: 2 });
    assert.deepEqual([values, problems], [{ price_target_tpu: 1 }, []]);
  });

  it("lets the chart create its ServiceAccount, and keeps the name of another that the pod uses", () => {
    const { values, problems, dropped } = translate({
      serviceAccount: { create: false, name: "own" },
    });
    assert.deepEqual([values, problems], [{ serviceAccount: { name: "own" } }, []]);
    assert.deepEqual(
      dropped.map(({ path }) => path),
      ["serviceAccount.create"],
    );
  });

  it("accepts the names that some tools wrote into dns.providers", () => {
    const providers = { cloudflare: { enabled: true, apiToken: "SENTINEL" } };
    const values = letsEncrypt({ dns: { providers: ["cloudflare"] }, providers });
    assert.deepEqual(problemOf(values, { zone: "example.com" }), []);
  });

  it("refuses a script of only spaces, and one that is not text", () => {
    assert.deepEqual(problemOf({ bidpricescript: "Cg==" }), ["bidpricescript is empty"]);
    assert.deepEqual(problemOf({ bidpricescript: "/////w==" }), [
      "bidpricescript is not base64-encoded text",
    ]);
  });

  it("accepts base64 with line breaks or without padding", () => {
    const { secrets } = translate({ keysecret: "c2Vu\ndGlu\nZWw", key: undefined });
    assert.equal(secrets.walletPassword, "sentinel");
  });

  it("evaluates a boolean in quotes like the chart: every text is true", () => {
    for (const enabled of ["true", "yes", "false", 1]) {
      assert.deepEqual(problemOf(letsEncrypt({ enabled })), [], String(enabled));
    }
    assert.match(
      translate(letsEncrypt({ enabled: "false" })).dropped[0]?.why ?? "",
      /which the chart evaluates as true/,
    );
    assert.deepEqual(problemOf(letsEncrypt({ enabled: ["true"] })), [
      "letsEncrypt.enabled is neither true nor false",
    ]);
    const off = translate({ gatewayApi: { enabled: "" } }).settings.ingress;
    assert.deepEqual(off, { mode: "ingress" });
  });
});
