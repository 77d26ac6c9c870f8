import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { parse } from "yaml";
import { letsEncryptDirectory } from "../../../config/environment.ts";
import { digestOf } from "../../../dns/credential.ts";
import { validatorOf, type ReviewedResource } from "../../../policy/rule.ts";
import { rules } from "../../../policy/rules/index.ts";

const secret = "SENTINEL-of-a-credential";
const privateKey = `-----BEGIN PRIVATE KEY-----\n${secret}\n-----END PRIVATE KEY-----`;

/** The messages of a rule for a resource. */
function says(rule: string, type: string, props: object, stack = "prod"): readonly string[] {
  const found = rules.find(({ name }) => name === rule);
  assert(found !== undefined, rule);
  const messages: string[] = [];
  const urn = `urn:pulumi:${stack}::akash::${type}::a`;
  const resource = { type, name: "a", urn, props: props as ReviewedResource["props"] };
  validatorOf(found)(resource, (message) => messages.push(message));
  for (const message of messages) {
    assert(!message.includes("SENTINEL"), message);
  }
  return messages;
}

/** Fields that are unknown before the update: the SDK throws where one is read. */
function unknown(...fields: readonly string[]): object {
  return Object.defineProperties(
    {},
    Object.fromEntries(
      fields.map((field) => [
        field,
        {
          enumerable: true,
          get: () => {
            throw new Error("unknown");
          },
        },
      ]),
    ),
  );
}

const release = "kubernetes:helm.sh/v3:Release";
const good = { atomic: true, postrender: "chart/postrender" };

describe("the policies", () => {
  for (const stack of [
    "local",
    "local-cloudflare-wildcard",
    "local-gcp-wildcard",
    "prod",
    "staging",
  ]) {
    it(`find nothing in the resources of stack ${stack}`, () => {
      const { resources } = parse(readFileSync(`test/golden/${stack}.yaml`, "utf8")) as {
        readonly resources: readonly { readonly type: string; readonly inputs: object }[];
      };
      assert(resources.length > 4);
      for (const { type, inputs } of resources) {
        // The tests' mock generates the zone's id, and real ids contain no dot.
        const shown = JSON.parse(
          JSON.stringify(inputs, (_, value: unknown) => (value === "[secret]" ? undefined : value)),
        ) as object;
        assert.deepEqual(
          rules.flatMap(({ name }) => says(name, type, shown, stack)),
          [],
          type,
        );
      }
    });
  }

  it("have unique names, and a description", () => {
    assert.equal(new Set(rules.map(({ name }) => name)).size, 6);
    for (const { name, description } of rules) {
      assert.match(name, /^[a-z-]+$/);
      assert.match(description, /\.$/);
    }
  });

  it("limit each grant to one zone", () => {
    const rule = "grant-on-one-zone";
    const grant = { project: "p", role: "roles/dns.reader", member: "serviceAccount:a" };
    const [sentence = ""] = says(rule, "gcp:projects/iAMMember:IAMMember", grant, "prod 1");
    assert.match(sentence, /pulumi config rm -s 'prod 1' --path dns\.grant$/);
    for (const type of [
      "gcp:projects/iAMBinding:IAMBinding",
      "gcp:organizations/iAMMember:IAMMember",
    ]) {
      assert.equal(says(rule, type, grant).length, 1, type);
    }
    // An enabled service is not a grant.
    assert.deepEqual(says(rule, "gcp:projects/service:Service", {}), []);
    const zone = "gcp:dns/dnsManagedZoneIam";
    assert.deepEqual(says(rule, `${zone}Member:DnsManagedZoneIamMember`, grant), []);
    assert.deepEqual(says(rule, `${zone}Member:DnsManagedZoneIamMember`, unknown("member")), []);
    assert.equal(says(rule, `${zone}Binding:DnsManagedZoneIamBinding`, grant).length, 1);
    const all = { ...grant, member: "allUsers" };
    assert.equal(says(rule, `${zone}Member:DnsManagedZoneIamMember`, all).length, 1);
  });

  it("limit a token to two permission groups on one zone", () => {
    const group = { id: "a" };
    const zone = "com.cloudflare.api.account.zone.0123456789abcdef0123456789abcdef";
    const policy = (resources: object, count = 2, effect = "allow") => ({
      effect,
      permissionGroups: Array.from({ length: count }, () => group),
      resources: JSON.stringify(resources),
    });
    const check = (...policies: readonly object[]) =>
      says("token-of-one-zone", "cloudflare:index/apiToken:ApiToken", { policies }).length;
    const allowed = { effect: "allow", permissionGroups: [group, group] };
    assert.equal(check(policy({ [zone]: "*" })), 0);
    assert.equal(check(policy({ [zone]: "*" }, 3)), 1);
    assert.equal(check(policy({ [zone]: "*", [`${zone}0`]: "*" })), 1);
    assert.equal(check(policy({ "com.cloudflare.api.account.zone.*": "*" })), 1);
    assert.equal(check(policy({ "com.cloudflare.api.account.0123": "*" }, 1)), 2);
    assert.equal(check(policy({ [zone]: "*" }), policy({ [zone]: "*" })), 1);
    assert.equal(check(), 1);
    assert.equal(check(Object.assign(unknown("resources"), allowed)), 0);
    const account = "cloudflare:index/accountToken:AccountToken";
    assert.deepEqual(says("token-of-one-zone", account, unknown("policies")), []);
    assert.equal(says("token-of-one-zone", account, { policies: [] }).length, 1);
  });

  it("refuse a credential in any value of a release", () => {
    const check = (values: object) => says("no-credential-in-values", release, { values });
    const base64 = (text: string) => Buffer.from(text).toString("base64");
    for (const [path, values] of [
      ["key", { key: secret }],
      ["keysecret", { keysecret: secret }],
      [
        "letsEncrypt.providers.cloudflare.apiToken",
        { letsEncrypt: { providers: { cloudflare: { apiToken: secret } } } },
      ],
      ["extra.0.text", { extra: [{ text: privateKey }] }],
      ["extra", { extra: base64(privateKey) }],
      ["a.b", { a: { b: JSON.stringify({ type: "service_account", private_key: secret }) } }],
    ] as const) {
      const [sentence = "", ...others] = check(values);
      assert(sentence.startsWith(`The value ${path} is`), sentence);
      assert.deepEqual(others, []);
    }
    assert.deepEqual(
      check({ attributes: [{ key: "region", value: "us" }], domain: "a".repeat(64) }),
      [],
    );
    assert.deepEqual(
      check({ letsEncrypt: { providers: { cloudflare: { enabled: "true" } } } }),
      [],
    );
    assert.deepEqual(check({ serviceAccount: unknown("annotations"), key: "" }), []);
    assert.deepEqual(says("no-credential-in-values", release, unknown("values")), []);
  });

  it("require atomic and the post-renderer for a release", () => {
    const check = (props: object) => says("release-can-be-put-back", release, props).length;
    assert.equal(check(good), 0);
    assert.equal(check({ ...good, postrender: "node_modules/a/dist/chart/postrender" }), 0);
    assert.equal(check({ ...good, atomic: false }), 1);
    assert.equal(check({ ...good, postrender: "/bin/cat" }), 1);
    assert.equal(check({}), 2);
  });

  it("refuse a Secret with an unproven credential", () => {
    const annotation = "akash-provider-letsencrypt/credential-digest";
    const digest = digestOf(privateKey);
    const data = { "service-account.json": Buffer.from(privateKey).toString("base64") };
    const check = (annotations: object | undefined, content: object = data, name = "a-gcp-dns") =>
      says("credential-is-proven", "kubernetes:core/v1:Secret", {
        metadata: { name, ...(annotations !== undefined && { annotations }) },
        data: content,
      }).length;
    assert.equal(check({ [annotation]: digest }), 0);
    assert.equal(check({ [annotation]: digestOf("another") }), 1);
    assert.equal(check({}), 1);
    assert.equal(check(undefined), 1);
    // In a preview, where the key does not exist yet.
    assert.equal(check(unknown(annotation)), 0);
    assert.equal(check({ [annotation]: digest }, unknown("service-account.json")), 0);
    const token = { CF_DNS_API_TOKEN: Buffer.from(secret).toString("base64") };
    assert.equal(check({ [annotation]: digest }, token, "a-cloudflare-dns"), 1);
    assert.equal(check({}, data, "another"), 0);
  });

  it("refuse the directory of the other environment", () => {
    const check = (stack: string, caDirUrl: string) =>
      says(
        "directory-fits-stack",
        release,
        { values: { letsEncrypt: { acme: { caDirUrl } } } },
        stack,
      );
    const { staging, production } = letsEncryptDirectory;
    assert.deepEqual(check("prod", production), []);
    assert.deepEqual(check("prod", "https://ca.example.com/dir"), []);
    assert.deepEqual(check("local", staging), []);
    const [sentence = ""] = check("eu-staging", `${production}/`);
    assert.match(sentence, /pulumi config set -s eu-staging acmeDirectory staging$/);
    assert.equal(check("prod", staging).length, 1);
    assert.deepEqual(says("directory-fits-stack", release, unknown("values")), []);
  });
});
