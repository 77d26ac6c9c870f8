import assert from "node:assert/strict";
import { globSync, readFileSync, writeFileSync } from "node:fs";
import { Ajv } from "ajv";
import { parse } from "yaml";
import { settings, type SettingName } from "../../config/settings.ts";
import { propertiesOf, settingSchemas } from "../support/settingSchemas.ts";
import { stackFileSchema } from "../support/stackFileSchema.ts";

const schemaFile = "stacks/schema.json";
const project = "akash-provider-letsencrypt";

describe("the schema of the stacks' files", () => {
  // The named forms also have a pattern.
  const validate = new Ajv({ strict: true, allowUnionTypes: true, validateFormats: false }).compile(
    stackFileSchema(),
  );

  const refusals = (file: unknown) => {
    validate(file);
    return (validate.errors ?? []).map(({ instancePath, message }) => `${instancePath} ${message}`);
  };
  const withSettings = (own: Readonly<Record<string, unknown>>) => ({
    config: Object.fromEntries(
      Object.entries(own).map(([name, value]) => [`${project}:${name}`, value]),
    ),
  });
  const secure = { secure: "v1:9ArcQNimO6nN/3gB:YSUoVqhv50o=" };

  it("is generated from the settings", () => {
    const text = `${JSON.stringify(stackFileSchema(), null, 2)}\n`;
    if (process.env.UPDATE_GENERATED === "1") {
      writeFileSync(schemaFile, text);
    }
    assert.equal(
      readFileSync(schemaFile, "utf8"),
      text,
      `${schemaFile} is stale; npm run generate writes it`,
    );
  });

  for (const file of globSync("stacks/Pulumi.*.yaml")) {
    it(`fits ${file}, which names it`, () => {
      const text = readFileSync(file, "utf8");
      assert.match(text, /^# yaml-language-server: \$schema=\.\/schema\.json\n/);
      assert.deepEqual(refusals(parse(text)), []);
    });
  }

  describe("accepts", () => {
    const taken: Readonly<Record<string, object>> = {
      "a stack without settings": {},
      "settings without the project's name": { config: { email: "you@example.com", timeout: 600 } },
      "numbers and booleans, which Pulumi converts to text": withSettings({
        timeout: 600,
        maxHistory: 5,
        price_target_cpu: 1.6,
        allowOtherDirectory: true,
        kubeContext: 7,
      }),
      "the same as text": withSettings({
        timeout: "600",
        price_target_cpu: "1.60",
        allowOtherDirectory: "true",
      }),
      "Google Cloud with a provided key": withSettings({
        challenge: "dns-01",
        dns: { provider: "googleCloud", project: "my-project", serviceAccountKey: secure },
      }),
      "Cloudflare with all options": withSettings({
        challenge: "dns-01",
        dns: {
          provider: "cloudflare",
          zone: "example.com",
          accountId: secure,
          expiresOn: "2027-01-31T00:00:00Z",
          allowedIps: ["192.0.2.7/32", "2001:db8::/32"],
          apiToken: secure,
          proofTimeout: "60",
          rotation: 2026,
          maxAgeDays: 30,
        },
      }),
      "a wholly encrypted DNS provider": withSettings({ dns: secure }),
      "attributes of every type": withSettings({
        attributes: [
          { key: "region", value: "us-east" },
          { key: "tier", value: 2 },
          { key: "capabilities/storage/1/persistent", value: true },
        ],
      }),
      "chart values of any form": withSettings({ values: { image: { tag: "0.16.2" }, list: [1] } }),
      "the plugins' settings, and Pulumi's own": {
        secretsprovider: "gcpkms://projects/p/locations/l/keyRings/r/cryptoKeys/k",
        encryptedkey: "CiQA",
        environment: ["akash/prod"],
        config: {
          "gcp:project": "my-project",
          "cloudflare:apiToken": secure,
          "kubernetes:config:context": "prod",
        },
      },
    };
    for (const [what, file] of Object.entries(taken)) {
      it(what, () => {
        assert.deepEqual(refusals(file), []);
      });
    }

    it("the examples of all settings", () => {
      for (const [name, { examples = [], secret }] of propertiesOf(settingSchemas())) {
        assert(examples.length > 0 || secret === true, name);
        // An example must not contain a real address.
        for (const example of examples.filter((value) => !String(value).includes("…"))) {
          assert.deepEqual(refusals(withSettings({ [name]: example })), []);
          assert(settings[name as SettingName].safeParse(example).success, name);
        }
      }
    });
  });

  describe("refuses", () => {
    const refused: Readonly<Record<string, object>> = {
      "an unknown setting": withSettings({ emial: "you@example.com" }),
      "an unknown setting without the project's name": { config: { emial: "you@example.com" } },
      "another challenge without the project's name": { config: { challenge: "tls-alpn-01" } },
      "another challenge": withSettings({ challenge: "tls-alpn-01" }),
      "an option of the other DNS provider": withSettings({
        dns: { provider: "cloudflare", zone: "example.com", project: "my-project" },
      }),
      "an option of the other ingress mode": withSettings({
        ingress: { mode: "ingress", gatewayName: "akash-gateway" },
      }),
      "an unknown DNS provider": withSettings({
        dns: { provider: "route53", zone: "example.com" },
      }),
      "a DNS provider without its zone": withSettings({ dns: { provider: "cloudflare" } }),
      "a wallet in plain text": withSettings({ walletPassword: "secret" }),
      "a token in plain text": withSettings({
        dns: { provider: "cloudflare", zone: "example.com", apiToken: "token" },
      }),
      "a secret that Helm would keep in plain text": withSettings({ node: secure }),
      "encrypted chart values": withSettings({ values: secure }),
      "an invalid time": withSettings({ timeout: 0 }),
      "an invalid boolean": withSettings({ allowOtherDirectory: 1 }),
      "a number where the setting accepts none": withSettings({ domain: 7 }),
      "a text in another form": withSettings({ domain: "Example" }),
      "an attribute without its value": withSettings({ attributes: [{ key: "region" }] }),
      "attributes as a map": withSettings({ attributes: { region: "us-east" } }),
      "a key that a stack's file does not have": { configuration: {} },
    };
    for (const [what, file] of Object.entries(refused)) {
      it(what, () => {
        assert.notDeepEqual(refusals(file), []);
      });
    }
  });
});
