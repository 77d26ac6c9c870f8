import assert from "node:assert/strict";
import { translate } from "../../../../adopt/file/translate.ts";
import { validate } from "../../../../adopt/file/validate.ts";
import type { StackFile } from "../../../../adopt/stackFile.ts";
import type { ValueMap } from "../../../../lib/json.ts";
import { fixture } from "./fixture.ts";

const emptyStack: StackFile = { settings: {}, encrypted: [] };

describe("the check of a translation", () => {
  it("accepts the guide's example together with the stack's e-mail address", () => {
    const existing = { settings: { email: "operator@example.com" }, encrypted: [] };
    const { config, refusals } = validate("prod", existing, translate(fixture("guide")));
    assert.deepEqual(refusals, []);
    assert.equal(config?.domain, "example.com");
    assert.equal(config.email, "operator@example.com");
  });

  it("refuses the guide's example without an e-mail address, which the issuer needs", () => {
    const { refusals } = validate("prod", emptyStack, translate(fixture("guide")));
    assert.deepEqual(refusals, [
      {
        subject: "email",
        problem: "is missing",
        command: "pulumi config set -s prod email you@example.com",
      },
    ]);
  });

  it("names each placeholder of the guide's example once", () => {
    const { config, refusals } = validate("prod", emptyStack, translate(fixture("placeholders")));
    assert.equal(config, undefined);
    assert.deepEqual(refusals.map(({ subject }) => subject).sort(), [
      "email",
      "from",
      "key",
      "keysecret",
    ]);
  });

  it("accepts the file of chart 12.1 with its script and token", () => {
    const translation = translate(fixture("chart-12.1"), {
      zone: "example.com",
      deployedChart: "12.1.2",
    });
    const { config, refusals } = validate("staging", emptyStack, translation);
    assert.deepEqual(refusals, []);
    assert.equal(config?.bidPriceScript, "#!/bin/sh\necho 1\n");
    assert.equal(config.challenge.type, "dns-01");
  });

  it("accepts the file with Google Cloud", () => {
    const translation = translate(fixture("google-cloud"), { zone: "example-com" });
    const { config, refusals } = validate("prod", emptyStack, translation);
    assert.deepEqual(refusals, []);
    assert.equal(config?.storageClass, "beta2");
  });

  it("refuses staging's directory on a production stack", () => {
    const translation = translate(fixture("chart-12.1"), { zone: "example.com" });
    const { refusals } = validate("prod", emptyStack, translation);
    assert.deepEqual(
      refusals.map(({ subject, command }) => [subject, command]),
      [["letsEncrypt.acme.caDirUrl", "pulumi config set -s prod allowOtherDirectory true"]],
    );
  });

  it("reports the problems of the file and of the stack together, without a value", () => {
    const existing = { settings: { colour: "red" }, encrypted: [] };
    const { refusals } = validate("prod", existing, translate(fixture("both-providers")));
    const subjects = refusals.map(({ subject }) => subject);
    for (const subject of ["gatewayApi", "key", "colour"]) {
      assert(subjects.includes(subject), `${subject} is not among ${subjects.join(", ")}`);
    }
    assert.equal(new Set(subjects).size, subjects.length);
    assert.doesNotMatch(JSON.stringify(refusals), /SENTINEL/);
  });

  it("refuses settings that are encrypted in the stack and not in the file", () => {
    const existing = {
      settings: { email: "operator@example.com" },
      encrypted: ["walletKey", "dns"],
    };
    const { refusals } = validate("prod", existing, translate(fixture("guide")));
    assert.deepEqual(
      refusals.map(({ subject, command }) => [subject, command]),
      [["dns", "pulumi config rm -s prod dns"]],
    );
  });

  it("gives no command for a value of the file, which the next attempt would set again", () => {
    const { refusals } = validate("prod", emptyStack, translate(fixture("placeholders")));
    const commands = refusals.flatMap(({ command }) => command ?? []);
    assert.deepEqual(commands, ["pulumi config set -s prod email you@example.com"]);
  });

  it("names a missing wallet by its path in the file", () => {
    const { key, ...withoutKey } = fixture("guide");
    assert(key !== undefined);
    const existing = { settings: { email: "operator@example.com" }, encrypted: [] };
    const { refusals } = validate("prod", existing, translate(withoutKey));
    assert.deepEqual(refusals, [{ subject: "key", problem: "is missing" }]);
  });

  describe("of a running provider", () => {
    const email = { settings: { email: "operator@example.com" }, encrypted: [] };
    /** The guide's example with other values. */
    const withValues = (values: ValueMap) => translate({ ...fixture("guide"), ...values });
    const armour = Buffer.from(String(fixture("guide").key), "base64").toString();
    const encoded = (text: string) => Buffer.from(text).toString("base64");

    const accepted: readonly (readonly [string, ValueMap, string])[] = [
      ["a domain that begins with provider.", { domain: "provider.example.com" }, "domain"],
      ["a domain of one label", { domain: "lab" }, "domain"],
      ["an IP address as its domain", { domain: "192.0.2.7" }, "domain"],
      ["a website without a scheme", { website: "example.com" }, "website"],
      ["no website in a word", { website: "none" }, "website"],
      ["a website that is a sentence", { website: "Coming soon: a site" }, "website"],
      ["a key's name as its account", { from: "provider" }, "from"],
      ["an address that is none", { email: "operator@localhost" }, "email"],
      ["a node with another scheme", { node: "tcp://rpc.example.com:26657" }, "node"],
      ["a chain id with a slash", { chainid: "akashnet/2" }, "chainid"],
      ["a period of days", { withdrawalperiod: "1d" }, "withdrawalperiod"],
      ["a deposit without a denomination", { bidmindeposit: 500000 }, "bidmindeposit"],
      [
        "an attribute with a space in its key",
        { attributes: [{ key: "a b", value: "c" }] },
        "attributes",
      ],
      [
        "an attribute with a colon in its value",
        { attributes: [{ key: "a", value: "b: c" }] },
        "attributes",
      ],
      ["more in an attribute", { attributes: [{ key: "a", value: 1, note: "x" }] }, "attributes"],
      [
        "a key of an attribute that is a number",
        { attributes: [{ key: 1, value: true }] },
        "attributes",
      ],
      [
        "a directory without TLS",
        { letsEncrypt: { acme: { caDirUrl: "http://ca.example.com/dir" } } },
        "acmeDirectory",
      ],
      [
        "a ServiceAccount of its own",
        { serviceAccount: { name: "own" } },
        "values.serviceAccount.name",
      ],
      [
        "a prompt on the line of the armour",
        { key: encoded(`Enter passphrase: ${armour}`) },
        "walletKey",
      ],
    ];
    for (const [what, values, name] of accepted) {
      it(`accepts ${what}, and lets the next up accept it`, () => {
        const { config, refusals, accept, accepted } = validate("prod", email, withValues(values));
        assert.deepEqual(refusals, []);
        assert.deepEqual(accept, [name]);
        assert.equal(accepted.length > 0 && config !== undefined, true);
        assert.deepEqual(config?.accept, [name]);
      });
    }

    it("accepts lines before the armour, like every stack", () => {
      const key = encoded(`Enter passphrase to encrypt the exported key:\n${armour}`);
      const { refusals, accept } = validate("prod", email, withValues({ key }));
      assert.deepEqual([refusals, accept], [[], []]);
    });

    it("keeps the values unchanged", () => {
      const values = { domain: "provider.example.com", attributes: [{ key: "a b", value: 1 }] };
      const { config } = validate("prod", email, withValues(values));
      assert.equal(config?.domain, "provider.example.com");
      assert.deepEqual(config.attributes, [{ key: "a b", value: "1" }]);
    });

    it("accepts no value that the release does not run with", () => {
      const runs = (path: string) => path !== "domain";
      const values = { domain: "provider.example.com", website: "none" };
      const { refusals, accept } = validate("prod", email, withValues(values), { runs });
      assert.deepEqual(
        refusals.map(({ subject }) => subject),
        ["domain"],
      );
      assert.deepEqual(accept, ["website"]);
    });

    it("accepts no value that is only in the stack's file", () => {
      const existing = { settings: { ...email.settings, bidmindeposit: "x" }, encrypted: [] };
      const { bidmindeposit: _, ...others } = fixture("guide");
      const { refusals } = validate("prod", existing, translate(others));
      assert.deepEqual(
        refusals.map(({ subject }) => subject),
        ["bidmindeposit"],
      );
    });

    it("keeps the settings that the stack already accepts", () => {
      const existing = { settings: { ...email.settings, accept: ["website"] }, encrypted: [] };
      const { accept } = validate("prod", existing, withValues({ domain: "provider.example.com" }));
      assert.deepEqual(accept, ["domain", "website"]);
    });

    const refused: readonly (readonly [string, ValueMap, string])[] = [
      ["a domain that no route takes", { domain: "my_host.example.com" }, "domain"],
      ["a placeholder for an address", { from: "akash1your-provider-address" }, "from"],
      ["a key that is none", { key: encoded("SENTINEL") }, "key"],
      ["attributes that are no list", { attributes: { region: "us" } }, "attributes"],
      [
        "an attribute without a value",
        { attributes: [{ key: "a", value: null }] },
        "attributes[0].value",
      ],
      ["an attribute that is a text", { attributes: ["a"] }, "attributes[0]"],
      ["a private key among the values", { extra: "-----BEGIN PRIVATE KEY-----" }, "values.extra"],
    ];
    for (const [what, values, subject] of refused) {
      it(`always refuses ${what}`, () => {
        const { config, refusals } = validate("prod", email, withValues(values));
        assert.equal(config, undefined);
        assert.deepEqual([...new Set(refusals.map((refusal) => refusal.subject))], [subject]);
        assert.doesNotMatch(JSON.stringify(refusals), /expected|received|is not right: |SENTINEL/);
      });
    }

    it("reports the place in the file", () => {
      const places = new Map([
        ["attributes", { line: 3, column: 1 }],
        ["attributes.1.value", { line: 7, column: 5 }],
      ]);
      const attributes = [{ key: "a", value: "b" }, { key: "c", value: "" }, "d"];
      const { refusals } = validate("prod", email, withValues({ attributes }), { places });
      assert.deepEqual(
        refusals.map(({ subject, problem, place }) => [subject, problem, place?.line]),
        [
          ["attributes[1].value", "is empty", 7],
          ["attributes[2]", "is not a map", 3],
        ],
      );
    });

    it("warns about a key that the image cannot read", () => {
      const key = encoded(armour.replace("kdf: bcrypt", "kdf: argon2"));
      const warned = (values: ValueMap) =>
        validate("prod", email, withValues({ key, ...values })).warnings;
      assert.deepEqual(warned({}), []);
      assert.match(
        warned({ image: { tag: "0.8.4" } })[0] ?? "",
        /argon2.* image 0\.8\.4 cannot read/,
      );
      assert.deepEqual(warned({ image: { tag: "0.10.0-rc0" } }), []);
      assert.deepEqual(warned({ image: { tag: "main" } }), []);
    });
  });
});
