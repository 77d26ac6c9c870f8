import assert from "node:assert/strict";

import {
  ConfigError,
  readConfig,
  configWarnings,
  settingsKeptAsText,
  credentialWarnings,
  settingsWithoutEffect,
  type ConfigSource,
} from "../../../config/index.ts";
import { configSource, requiredSettings, walletKey } from "../../support/settings.ts";

function problems(source: ConfigSource): readonly string[] {
  try {
    readConfig(source);
  } catch (error) {
    assert(error instanceof ConfigError);
    return error.problems.map(({ setting, problem }) => `${setting} ${problem}`);
  }
  return [];
}

function assertRefused(source: ConfigSource, ...expected: RegExp[]): void {
  const found = problems(source);
  assert.equal(found.length, expected.length, found.join("\n"));
  for (const sentence of expected) {
    assert(
      found.some((problem) => sentence.test(problem)),
      `${sentence} is not among\n${found.join("\n")}`,
    );
  }
}

const json = (value: unknown) => JSON.stringify(value);

describe("configuration", () => {
  describe("optional settings", () => {
    const config = readConfig(configSource());

    it("the challenge is HTTP-01", () => {
      assert.deepEqual(config.challenge, { type: "http-01" });
    });

    it("namespace and release are those of Akash's guides", () => {
      assert.equal(config.namespace, "akash-services");
      assert.equal(config.releaseName, "akash-provider");
    });

    it("the ingress mode is the Gateway API, as in the chart", () => {
      assert.deepEqual(config.ingress, { mode: "gateway-api" });
    });
  });

  describe("required settings", () => {
    for (const name of ["from", "walletKey", "walletPassword", "domain", "email"]) {
      it(`${name} is reported when it is missing`, () => {
        assertRefused(configSource({ [name]: undefined }), new RegExp(`^${name} is missing$`));
      });
    }

    it("all problems come in one error, each with its command, and no stack trace", () => {
      const source = configSource({ email: undefined, domain: "Example", emial: "x" });
      assert.throws(
        () => readConfig(source),
        (error: unknown) => {
          assert(error instanceof ConfigError);
          assert.match(error.message, /stack home has 3 problems\. Nothing was changed\./);
          assert.match(error.message, /pulumi config set -s home email you@example\.com/);
          assert.match(error.message, /pulumi config set -s home domain example\.com/);
          assert.match(error.message, /pulumi config rm -s home emial/);
          return true;
        },
      );
    });
  });

  describe("forms", () => {
    const refused: readonly (readonly [string, string])[] = [
      ["email", "you at example.com"],
      ["domain", "example"],
      ["domain", "https://example.com"],
      ["domain", "*.example.com"],
      ["domain", "-bad.example.com"],
      ["domain", "provider.example.com"],
      ["domain", "Bücher.example"],
      ["domain", "bücher"],
      ["domain", "bü cher.example"],
      ["domain", `${"ü".repeat(60)}.example`],
      ["from", "akash1short"],
      ["from", "cosmos1qypqxpq9qcrsszg2pvxq6rs0zqg3yyc5lzv7xu"],
      ["node", "rpc.example.com:443"],
      ["website", "example.com"],
      ["withdrawalperiod", "12 hours"],
      ["bidmindeposit", "5 AKT"],
      ["timeout", "0"],
      ["timeout", "10m"],
      ["maxHistory", "-1"],
      ["chart", "/home/me/chart"],
      ["chart", "./no/such/chart"],
      ["chartVersion", "latest"],
      ["chartVersion", "12.0.0"],
      ["namespace", "Akash"],
      ["releaseName", "a".repeat(54)],
      ["challenge", "tls-alpn-01"],
      ["ingress", json({ mode: "nodeport" })],
      ["ingress", json({ mode: "ingress", gatewayName: "g" })],
      ["attributes", json({ region: "us" })],
      ["attributes", "region=us"],
      ["bidPriceScript", "no-such-file.sh"],
      ["acmeDirectory", "http://ca.example.com/directory"],
      ["acmeDirectory", "prod"],
      ["acmeDirectory", "https://ca.example.com/dir --flag=x"],
      ["node", 'https://rpc.example.com/"'],
      ["chainid", "akashnet 2"],
      ["chart", "akash/provider"],
      ["chart", "http://charts.example.com"],
      ["chart", "http://127.0.0.1.example.com/charts"],
      ["chart", "oci://registry.example.com/akash/provider@latest"],
      ["chart", "oci://registry.example.com/akash/provider@sha256:12"],
      ["chart", "~/chart"],
      ["chart", "file:///home/me/chart"],
      ["chart", "https://example.com/provider-19.0.2.tgz"],
      ["attributes", json([{ key: "x", value: '"y" #z' }])],
      ["attributes", json([{ key: "x", value: "a: b" }])],
      ["timeout", "99999999999999999999"],
    ];
    for (const [name, value] of refused) {
      it(`${name} = ${value} is refused`, () => {
        assertRefused(configSource({ [name]: value }), new RegExp(`^${name}`));
      });
    }

    const accepted: readonly (readonly [string, string])[] = [
      ["domain", "a.b-c.example.co.uk"],
      ["domain", "xn--bcher-kva.example"],
      ["domain", "bücher.example"],
      ["domain", "akash.例え.テスト"],
      ["withdrawalperiod", "1h30m"],
      ["chartVersion", "15.1.0-rc0"],
      ["chartVersion", "20.0.0"],
      ["chart", "oci://registry.example.com/akash/provider"],
      ["chart", `oci://registry.example.com/akash/provider@sha256:${"0a".repeat(32)}`],
      ["chart", "http://127.0.0.1:8080/charts"],
      ["chart", "http://[::1]:8080/charts"],
      ["attributes", json([{ key: "region", value: "us-east" }])],
    ];
    for (const [name, value] of accepted) {
      it(`${name} = ${value} is accepted`, () => {
        assert.deepEqual(problems(configSource({ [name]: value })), []);
      });
    }

    it("an attribute's value may be a boolean or a number, as in provider.yaml", () => {
      const attributes = [
        { key: "console/trials", value: true },
        { key: "tier", value: 2 },
      ];
      assert.deepEqual(readConfig(configSource({ attributes: json(attributes) })).attributes, [
        { key: "console/trials", value: "true" },
        { key: "tier", value: "2" },
      ]);
    });
  });

  describe("wallet", () => {
    it("an encoded key is refused, without printing it", () => {
      const encoded = Buffer.from(walletKey).toString("base64");
      const [problem, ...others] = problems(configSource({ walletKey: encoded }));
      assert.deepEqual(others, []);
      assert.match(problem ?? "", /^walletKey is not the armored text/);
      assert(!problem?.includes(encoded.slice(0, 20)));
    });

    it("an armour with Windows line ends is accepted", () => {
      assert.deepEqual(
        problems(configSource({ walletKey: walletKey.replaceAll("\n", "\r\n") })),
        [],
      );
    });

    it("a wallet in plain text is refused", () => {
      assertRefused(
        { ...configSource(), secrets: new Set(["walletPassword"]) },
        /^walletKey is a credential in plain text in the stack's file/,
      );
    });
  });

  describe("ACME directory", () => {
    const staging = "https://acme-staging-v02.api.letsencrypt.org/directory";
    const production = "https://acme-v02.api.letsencrypt.org/directory";

    it("follows the stack's name", () => {
      const directoryUrl = (stack: string) =>
        readConfig(configSource({ acmeDirectory: undefined }, stack)).directoryUrl;
      assert.equal(directoryUrl("staging"), staging);
      assert.equal(directoryUrl("prod"), production);
      assert.equal(directoryUrl("eu-production"), production);
    });

    it("is required where the stack's name indicates no environment", () => {
      assertRefused(
        configSource({ acmeDirectory: undefined }, "home"),
        /^acmeDirectory is missing/,
      );
      assertRefused(
        configSource({ acmeDirectory: undefined }, "products"),
        /^acmeDirectory is missing/,
      );
    });

    for (const stack of [
      ...["non-prod", "nonprod", "pre-prod", "preprod", "preproduction", "pre_production"],
      ...["not-production", "prod-staging", "staging-prod", "pre-staging", "prod-like"],
      ...["test-prod", "prod.dev", "staging-test", "products"],
    ]) {
      it(`is required where the stack is ${stack}, which is neither`, () => {
        assertRefused(
          configSource({ acmeDirectory: undefined }, stack),
          /^acmeDirectory is missing/,
        );
        for (const acmeDirectory of ["staging", "production"]) {
          assert.deepEqual(problems(configSource({ acmeDirectory }, stack)), []);
        }
      });
    }

    it("is kept by the printed command, where earlier releases derived it from the name", () => {
      for (const [stack, directory] of [
        ["pre-prod", "production"],
        ["prod-staging", "production"],
        ["staging-test", "staging"],
      ] as const) {
        assert.throws(
          () => readConfig(configSource({ acmeDirectory: undefined }, stack)),
          new RegExp(`\\n +pulumi config set -s ${stack} acmeDirectory ${directory}$`),
        );
      }
    });

    it("is determined only by the last part of the stack's name", () => {
      for (const stack of ["org/prod", "staging/mine/prod", "non-prod/staging-1/prod-eu"]) {
        const { directoryUrl } = readConfig(configSource({ acmeDirectory: undefined }, stack));
        assert.equal(directoryUrl, production);
      }
      assertRefused(
        configSource({ acmeDirectory: undefined }, "prod/prod/home"),
        /^acmeDirectory is missing/,
      );
    });

    it("empty is refused, since the provider would use staging", () => {
      assertRefused(configSource({ acmeDirectory: "" }), /^acmeDirectory is empty.*staging/);
    });

    it("the other environment's is refused by name and by URL, unless explicitly allowed", () => {
      for (const directory of ["production", production]) {
        const values = { acmeDirectory: directory };
        assertRefused(configSource(values, "staging"), /^acmeDirectory .*rate limits/);
        assert.throws(
          () => readConfig(configSource(values, "staging")),
          /\n +pulumi config set -s staging acmeDirectory staging$/,
        );
        assert.deepEqual(
          problems(configSource({ ...values, allowOtherDirectory: "true" }, "staging")),
          [],
        );
      }
      for (const directory of ["staging", staging]) {
        assertRefused(
          configSource({ acmeDirectory: directory }, "prod"),
          /^acmeDirectory .*no client trusts/,
        );
        assert.throws(
          () => readConfig(configSource({ acmeDirectory: directory }, "prod")),
          /\n +pulumi config set -s prod acmeDirectory production$/,
        );
      }
    });

    it("the other environment's directory, and the stack's environment, are recognized in any spelling", () => {
      for (const acmeDirectory of [`${production}/`, production.replace("acme-v02", "ACME-v02")]) {
        assertRefused(configSource({ acmeDirectory }, "staging"), /^acmeDirectory .*rate limits/);
      }
      assertRefused(configSource({ acmeDirectory: "staging" }, "Prod"), /no client trusts/);
    });

    it("another CA's URL is accepted unchanged, on any stack", () => {
      const acmeDirectory = "https://ca.example.com/acme/directory";
      assert.equal(readConfig(configSource({ acmeDirectory }, "prod")).directoryUrl, acmeDirectory);
    });
  });

  describe("price targets", () => {
    it("are refused without the script that reads them", () => {
      assertRefused(
        configSource({ price_target_cpu: "1.60", price_target_gpu_mappings: "*=110" }),
        /^price_target_cpu has no effect without bidPriceScript/,
        /^price_target_gpu_mappings has no effect without bidPriceScript/,
      );
    });

    it("come with the script's text", () => {
      const config = readConfig(
        configSource({ price_target_cpu: "1.60", bidPriceScript: "test/support/price_script.sh" }),
      );
      assert.deepEqual(config.priceTargets, { price_target_cpu: "1.60" });
      assert.match(config.bidPriceScript ?? "", /^#!\/bin\/sh/);
    });
  });

  describe("DNS provider", () => {
    const googleCloud = json({ provider: "googleCloud", project: "dns-project" });

    it("dns-01 without one is refused", () => {
      assertRefused(configSource({ challenge: "dns-01" }), /^dns is missing/);
    });

    it("http-01 with one is refused", () => {
      assertRefused(configSource({ dns: googleCloud }), /^challenge is http-01/);
    });

    describe("a wildcard certificate", () => {
      const wildcard = json({ issuer: "cert-manager" });

      it("has the names of Akash's gateway chart, and no further ones", () => {
        const config = readConfig(configSource({ dns: googleCloud, wildcard }));
        const { dns, ...place } = config.wildcard ?? {};
        assert.deepEqual(place, {
          namespace: "akash-gateway",
          secretName: "wildcard-ingress-tls",
          names: [],
        });
        assert.equal(dns?.provider, "googleCloud");
      });

      it("also uses dns with http-01, which the provider does not", () => {
        const config = readConfig(configSource({ dns: googleCloud, wildcard }));
        assert.deepEqual(config.challenge, { type: "http-01" });
        assert.equal(config.dns?.provider, "googleCloud");
        assert.equal(readConfig(configSource({})).dns, undefined);
      });

      it("requires a DNS provider", () => {
        assertRefused(
          configSource({ wildcard }),
          /^dns is missing, and a wildcard certificate needs/,
        );
      });

      it("requires a key, unlike the provider on GKE", () => {
        const dns = json({
          ...{ provider: "googleCloud", project: "dns-project", zone: "example-com" },
          workloadIdentity: "a@dns-project.iam.gserviceaccount.com",
        });
        for (const challenge of ["http-01", "dns-01"]) {
          assertRefused(
            configSource({ challenge, dns, wildcard }),
            /^dns\.workloadIdentity cannot be combined with wildcard/,
          );
        }
      });

      it("is in the zone, with all of its names", () => {
        const dns = (zone: string) => json({ provider: "cloudflare", zone });
        assertRefused(
          configSource({ dns: dns("provider.example.com"), wildcard }),
          /^wildcard is for \*\.ingress\.example\.com, which is outside the zone provider\.example\.com \(dns\.zone\)$/,
        );
        const names = ["*.example.com", "*.example.org"];
        assertRefused(
          configSource({
            dns: dns("example.com"),
            wildcard: json({ issuer: "cert-manager", names }),
          }),
          /^wildcard\.names\[1\] is \*\.example\.org, which is outside the zone example\.com/,
        );
      });

      it("has no name that a wildcard of it covers, with Let's Encrypt", () => {
        const given = (...names: readonly string[]) => ({
          dns: googleCloud,
          wildcard: json({ issuer: "cert-manager", names }),
        });
        for (const [names, refused] of [
          [["app.ingress.example.com"], "names[0] is app.ingress.example.com, which *.ingress."],
          [["*.example.com", "provider.example.com"], "names[1] is provider.example.com, which *."],
          [["provider.example.com", "*.example.com"], "names[0] is provider.example.com, which *."],
        ] as const) {
          assert.throws(
            () => readConfig(configSource(given(...names))),
            (error: Error) => error.message.includes(`wildcard.${refused}`),
          );
        }
        // Neither the wildcard's own parent, nor what is two labels below it, nor another wildcard.
        const fine = ["ingress.example.com", "a.b.ingress.example.com", "*.example.net"];
        assert(readConfig(configSource(given(...fine))));
        const acmeDirectory = "https://ca.example.net/directory";
        assert(readConfig(configSource({ ...given("app.ingress.example.com"), acmeDirectory })));
      });

      it("accepts no other issuer, and no invalid name", () => {
        const given = (more: object) =>
          configSource({
            dns: googleCloud,
            wildcard: json({ issuer: "cert-manager", ...more }),
          });
        assertRefused(given({ issuer: "lego" }), /^wildcard\.issuer is not cert-manager$/);
        assertRefused(
          given({ names: ["**.example.com"] }),
          /^wildcard\.names\[0\] is not a host name/,
        );
        assertRefused(given({ namespace: "A" }), /^wildcard\.namespace is not a DNS label$/);
        assertRefused(given({ secret: "x" }), /^wildcard\.secret is not a setting/);
        assertRefused(
          configSource({ dns: googleCloud, wildcard: "true" }),
          /^wildcard is not a map$/,
        );
      });
    });

    it("options of the other provider are refused", () => {
      const dns = json({ provider: "cloudflare", zone: "example.com", project: "dns-project" });
      assertRefused(
        configSource({ challenge: "dns-01", dns }),
        /^dns\.project is not a setting of this provider or mode$/,
      );
    });

    it("grants on the one zone by default", () => {
      const { challenge } = readConfig(configSource({ challenge: "dns-01", dns: googleCloud }));
      assert.deepEqual(challenge, {
        type: "dns-01",
        dns: {
          provider: "googleCloud",
          project: "dns-project",
          grant: "zone",
          role: "roles/dns.admin",
          rotation: "first",
          maxAgeDays: 90,
        },
      });
    });

    it("accepts a custom role, and refuses an invalid role or one of another project", () => {
      const withRole = (role: string) =>
        configSource({
          challenge: "dns-01",
          dns: json({ provider: "googleCloud", project: "dns-project", role }),
        });
      for (const role of [
        "roles/dns.admin",
        "projects/dns-project/roles/akashDnsChallenge",
        "organizations/123456/roles/akashDnsChallenge",
      ]) {
        const { challenge } = readConfig(withRole(role));
        assert(challenge.type === "dns-01" && challenge.dns.provider === "googleCloud");
        assert.equal(challenge.dns.role, role);
      }
      for (const role of [
        "dns.admin",
        "roles/",
        "projects/dns-project/roles/a b",
        "roles/dns.admin\n",
      ]) {
        assertRefused(withRole(role), /^dns\.role is not one of roles\/…, projects\/…/);
      }
      assertRefused(
        withRole("projects/other-project/roles/akashDnsChallenge"),
        /^dns\.role is a role of the project other-project, and dns\.project is dns-project/,
      );
    });

    it("a credential in plain text is refused, without printing it", () => {
      const dns = json({ provider: "cloudflare", zone: "example.com", apiToken: "SENTINEL" });
      const found = problems(configSource({ challenge: "dns-01", dns }));
      assert.equal(found.length, 1);
      assert.match(found[0] ?? "", /^dns\.apiToken is a credential/);
      assert(!found.join().includes("SENTINEL"));
    });
  });

  describe("what a stack accepts", () => {
    const settings = { domain: "provider.example.com", website: "none" };
    const accept = json(["domain", "website"]);

    it("is a warning, and a refusal in other stacks, which does not mention accept", () => {
      const source = configSource({ ...settings, accept });
      assert.equal(readConfig(source).domain, "provider.example.com");
      assert.deepEqual(
        configWarnings(source).map((text) => text.split(" ")[0]),
        ["domain", "website"],
      );
      assert.throws(
        () => readConfig(configSource(settings)),
        ({ message }: Error) => /^ {2}domain begins/m.test(message) && !message.includes("accept"),
      );
      assertRefused(configSource({ ...settings, accept: json(["website"]) }), /^domain begins/);
    });

    it("may be an attribute or a price target, in the chart's form", () => {
      const attributes = json([{ key: "a b", value: 1 }]);
      const source = configSource({
        attributes,
        price_target_cpu: "1.60",
        accept: json(["attributes", "price_target_cpu"]),
      });
      const config = readConfig(source);
      assert.deepEqual(config.attributes, [{ key: "a b", value: "1" }]);
      assert.deepEqual(config.priceTargets, { price_target_cpu: "1.60" });
    });

    it("is never a setting that would lose something or break the run", () => {
      assertRefused(configSource({ accept: json(["dns"]) }), /^accept\[0\] is not a setting whose/);
      for (const [values, stack, problem] of [
        [{ acmeDirectory: "production" }, "staging", /^acmeDirectory .*rate limits/],
        [{ acmeDirectory: undefined }, "home", /^acmeDirectory is missing/],
        [{ domain: undefined }, "home", /^domain is missing/],
        [{ domain: "Example" }, "home", /^domain is not/],
        [{ walletKey: "SENTINEL" }, "home", /^walletKey is not/],
        [{ from: "akash1short" }, "home", /^from is not/],
      ] as const) {
        const all = json(["acmeDirectory", "domain", "walletKey", "from"]);
        assertRefused(configSource({ ...values, accept: all }, stack), problem);
      }
    });

    it("is not a credential in plain text", () => {
      const { values } = configSource({ accept: json(["walletKey"]) });
      assertRefused(
        { stack: "home", values, secrets: new Set(["walletPassword"]) },
        /^walletKey is a credential in plain text/,
      );
    });
  });

  describe("a wallet that the provider's image cannot read", () => {
    const argon2 = walletKey.replace("kdf: bcrypt", "kdf: argon2");
    const warnings = (values: Readonly<Record<string, string>>) =>
      configWarnings(configSource(values));

    it("is a warning with the command for an image that can", () => {
      for (const [values, command] of [
        [{ chartVersion: "12.1.4" }, "chartVersion"],
        [{ values: json({ image: { tag: "0.8.3-rc10" } }) }, "--path values.image.tag"],
      ] as const) {
        const [text = "", ...others] = warnings({ walletKey: argon2, ...values });
        assert.match(text, new RegExp(`argon2.*\\n +pulumi config rm -s home ${command}$`));
        assert.deepEqual(others, []);
      }
    });

    it("is no warning where the image can, or its tag is not a version", () => {
      for (const values of [
        { walletKey: argon2 },
        { walletKey: argon2, chartVersion: "14.0.0" },
        { walletKey: argon2, chartVersion: "12.1.4", values: json({ image: { tag: "0.10.0" } }) },
        { walletKey: argon2, values: json({ image: { tag: "latest" } }) },
        { chartVersion: "12.1.4" },
      ]) {
        assert.deepEqual(warnings(values as Readonly<Record<string, string>>), []);
      }
    });
  });

  describe("a value of another form", () => {
    const values: Readonly<Record<string, readonly unknown[]>> = {
      attributes: [1, "x", {}, [null], ["x"], [{}], [{ key: "a" }], [{ key: "a", value: "" }]],
      dns: [1, "x", [], {}, { provider: null }, { provider: "x" }, { provider: "cloudflare" }],
      ingress: [1, "x", {}, { mode: "ingress", className: "" }, { mode: "ingress", className: 1 }],
      values: [1, "x", []],
      accept: [1, "x", {}, [1], [""]],
    };
    for (const [name, all] of Object.entries(values)) {
      for (const value of all) {
        it(`${name} = ${json(value)} is refused with a message of this program`, () => {
          const found = problems(configSource({ challenge: "dns-01", [name]: json(value) }));
          assert(found.some((problem) => problem.startsWith(name)));
          for (const problem of found) {
            assert.match(problem, /^\S+ (is|has) [a-z]/);
            assert.doesNotMatch(problem, /[Ii]nvalid|expected|received|Too (small|big)|: *$/);
          }
        });
      }
    }

    it("is refused with its own reason", () => {
      const found = problems(
        configSource({
          challenge: "dns-01",
          dns: json({ provider: "googleCloud", project: "my-project", grant: "all", rotation: {} }),
          values: json("x"),
        }),
      );
      assert.deepEqual(found, [
        "dns.rotation is not a single value",
        "dns.grant is not zone or project",
        "values is not a map",
      ]);
    });
  });

  describe("problems inside a setting", () => {
    const commandFor = (dns: object) => {
      try {
        readConfig(configSource({ challenge: "dns-01", dns: json(dns) }));
      } catch (error) {
        assert(error instanceof ConfigError);
        return error.problems.map(({ setting, problem, command }) => [setting, problem, command]);
      }
      return assert.fail("accepted");
    };

    it("come with the command for that place", () => {
      assert.deepEqual(commandFor({ provider: "cloudflare", zone: "x" }), [
        ["dns.zone", "is not a zone name", "pulumi config set -s home --path dns.zone example.com"],
      ]);
      assert.deepEqual(commandFor({ provider: "googleCloud" }), [
        ["dns.project", "is missing", "pulumi config set -s home --path dns.project my-project"],
      ]);
      assert.deepEqual(
        commandFor({ expireson: "x", provider: "cloudflare", zone: "example.com" }),
        [
          [
            "dns.expireson",
            "is not a setting; it is called expiresOn",
            "pulumi config rm -s home --path dns.expireson",
          ],
        ],
      );
    });

    it("come with the command for an item of a list", () => {
      const source = configSource({ attributes: json([{ key: "region", value: "eu" }, "tier"]) });
      assert.throws(
        () => readConfig(source),
        /attributes\[1\] .*\n *pulumi config rm -s home --path 'attributes\[1\]'/,
      );
    });

    describe("of a setting that is a single text in the stack's file", () => {
      const source = (
        values: Readonly<Record<string, string>>,
        secrets: readonly string[] = [],
      ) => {
        const plain = configSource(values);
        return {
          ...plain,
          secrets: new Set([...plain.secrets, ...secrets]),
          keptAsText: (name: string) => Object.hasOwn(values, name),
        };
      };
      const commands = (of: ConfigSource) => {
        try {
          readConfig(of);
        } catch (error) {
          assert(error instanceof ConfigError);
          return [...new Set(error.problems.map(({ command }) => command))];
        }
        return assert.fail("accepted");
      };

      it("come with one command that converts it to a list, keeps the valid options and fixes the others", () => {
        const attributes =
          '[{"key":"a b","value":"eu"},{"key":"region"},{"key":"x","value":"it\'s"}]';
        assert.deepEqual(commands(source({ attributes })), [
          "pulumi config rm -s home attributes" +
            " && pulumi config set-all -s home --path --plaintext 'attributes[0].key=a b' --plaintext 'attributes[0].value=eu'" +
            " --plaintext 'attributes[1].key=region' --plaintext 'attributes[2].key=x' --plaintext 'attributes[2].value=it'\\''s'" +
            " && pulumi config set -s home --path 'attributes[0].key' region" +
            " && pulumi config set -s home --path 'attributes[1].value' us-east" +
            " && pulumi config set -s home --path 'attributes[2].value' us-east",
        ]);
      });

      it("contain no encrypted value that may be a credential", () => {
        const dns = json({
          apiToken: "SENTINEL-1",
          apitoken: "SENTINEL-2",
          provider: "cloudflare",
        });
        const [command = "", ...others] = commands(source({ challenge: "dns-01", dns }, ["dns"]));
        assert.deepEqual(others, []);
        assert.equal(
          command,
          "pulumi config rm -s home dns && pulumi config set-all -s home --path --plaintext dns.provider=cloudflare" +
            " && pulumi config set -s home --path --secret dns.apiToken" +
            " && pulumi config set -s home --path dns.zone example.com && pulumi config rm -s home --path dns.apitoken",
        );
      });

      it("are a warning for a valid setting, with the command that converts it to a list", () => {
        const attributes = '[{"key":"region","value":"eu"}]';
        assert.deepEqual(settingsKeptAsText(configSource({ attributes })), []);
        const [sentence = "", ...others] = settingsKeptAsText(source({ attributes }));
        assert.deepEqual(others, []);
        assert.match(
          sentence,
          /^attributes is a single text .*\n +pulumi config rm -s home attributes && pulumi config set-all -s home --path --plaintext 'attributes\[0\]\.key=region' --plaintext 'attributes\[0\]\.value=eu'$/,
        );
      });
    });

    it("come with a command that first removes the present value", () => {
      const commands = (values: Readonly<Record<string, string>>) => {
        try {
          readConfig(configSource(values));
        } catch (error) {
          assert(error instanceof ConfigError);
          return error.problems.map(({ command }) => command);
        }
        return assert.fail("accepted");
      };
      const attributes =
        "pulumi config rm -s home attributes && pulumi config set -s home --path 'attributes[0].key' region";
      assert.deepEqual(commands({ attributes: "region" }), [attributes]);
      // Stored as text that is valid JSON.
      assert.deepEqual(commands({ attributes: '{ "key": "region" }' }), [attributes]);
      assert.deepEqual(commands({ attributes: '{"key":"region"}' }), [attributes]);
      const dns = (allowedIps: unknown) =>
        json({ allowedIps, provider: "cloudflare", zone: "example.com" });
      assert.deepEqual(commands({ challenge: "dns-01", dns: dns("192.0.2.7/32") }), [
        "pulumi config rm -s home --path dns.allowedIps && pulumi config set -s home --path 'dns.allowedIps[0]' 192.0.2.7/32",
      ]);
      assert.deepEqual(commands({ challenge: "dns-01", dns: dns(["x"]) }), [
        "pulumi config set -s home --path 'dns.allowedIps[0]' 192.0.2.7/32",
      ]);
    });

    it("do not hide a credential in plain text", () => {
      const found = commandFor({ provider: "cloudflare", zone: "x", apiToken: "SENTINEL" });
      assert.deepEqual(
        found.map(([setting]) => setting),
        ["dns.zone", "dns.apiToken"],
      );
      assert(!JSON.stringify(found).includes("SENTINEL"));
    });

    it("are found before anything is created: an invalid key file, an expiry in the past", () => {
      const key = { provider: "googleCloud", project: "dns-project", serviceAccountKey: "garbage" };
      assert.match(
        String(commandFor(key)[0]),
        /serviceAccountKey,is not a service account's key file/,
      );
      const past = {
        provider: "cloudflare",
        zone: "example.com",
        expiresOn: "2020-01-01T00:00:00Z",
      };
      assert.match(String(commandFor(past)[0]), /expiresOn,is in the past/);
    });
  });

  describe("dates of a stack's file", () => {
    const dnsOf = (options: object) => {
      const { challenge } = readConfig(
        configSource({
          challenge: "dns-01",
          dns: json({ provider: "cloudflare", zone: "example.com", ...options }),
        }),
      );
      assert(challenge.type === "dns-01" && challenge.dns.provider === "cloudflare");
      return challenge.dns;
    };

    it("mean the same in Pulumi's form and as written in the file", () => {
      for (const [written, ...others] of [
        ["2099-01-31T00:00:00Z", "2099-01-31", "2099-01-31 00:00:00 +0000 UTC"],
        ["2099-01-31T10:00:00Z", "2099-01-31 10:00:00 +0000 UTC", "2099-01-31T12:00:00+02:00"],
        ["2099-01-31T08:00:00Z", "2099-01-31 10:00:00 +0200 +0200"],
      ]) {
        for (const expiresOn of [written, ...others]) {
          assert.equal(dnsOf({ expiresOn }).expiresOn, written, expiresOn);
        }
      }
      assert.equal(dnsOf({ rotation: "2026-12-01 00:00:00 +0000 UTC" }).rotation, "2026-12-01");
      assert.equal(dnsOf({ rotation: "2026-12-01" }).rotation, "2026-12-01");
      for (const rotation of ["2026-12-01T00:00:00Z", "2026-12-1", "2026-12-01T00:00:00+00:00"]) {
        assert.equal(dnsOf({ rotation }).rotation, "2026-12-01", rotation);
      }
      for (const rotation of ["2026-12-01T10:00:00+02:00", "2026-12-01 10:00:00 +0200 +0200"]) {
        assert.equal(dnsOf({ rotation }).rotation, "2026-12-01T10:00:00+02:00", rotation);
      }
      for (const rotation of ["2026-12", "22:30", "first", "2026-13-41", "2026-12-01 at noon"]) {
        assert.equal(dnsOf({ rotation }).rotation, rotation);
      }
    });

    it("are values of attributes as written in the file", () => {
      const attributes = [
        { key: "since", value: "2026-12-01 00:00:00 +0000 UTC" },
        { key: "maintenance", value: "22:30" },
        { key: "size", value: 10000000 },
        { key: "serial", value: "9007199254740993" },
        { key: "share", value: 1e-7 },
      ];
      const text = json(attributes).replace('"9007199254740993"', "9007199254740993");
      assert.deepEqual(
        readConfig(configSource({ attributes: text })).attributes.map(({ value }) => value),
        ["2026-12-01", "22:30", "10000000", "9007199254740993", "0.0000001"],
      );
    });

    it("are not converted in a password, which is used unchanged", async () => {
      const walletPassword = "2026-12-01 00:00:00 +0000 UTC";
      const { wallet } = readConfig(configSource({ walletPassword }));
      const known = await new Promise((resolve) => {
        wallet.password.apply(resolve);
      });
      assert.equal(known, walletPassword);
    });
  });

  it("a secret that Helm would keep in plain text is refused", () => {
    const source = configSource({ node: "https://rpc.example.com" });
    assertRefused(
      { ...source, secrets: new Set([...source.secrets, "node"]) },
      /^node is encrypted, but Helm keeps it in plain text/,
    );
  });

  describe("storage class", () => {
    const attributes = json([
      { key: "capabilities/storage/1/class", value: "beta3" },
      { key: "capabilities/storage/1/persistent", value: true },
    ]);

    it("that the attributes would override is refused", () => {
      assertRefused(
        configSource({ attributes, storageClass: "local-path" }),
        /^storageClass .*beta3/,
      );
    });

    it("that the attributes also name is accepted", () => {
      assert.deepEqual(problems(configSource({ attributes, storageClass: "beta3" })), []);
    });
  });

  describe("chart values", () => {
    const refused: readonly (readonly [string, unknown])[] = [
      ["values.letsEncrypt.enabled", { letsEncrypt: { enabled: false } }],
      ["values.serviceAccount.create", { serviceAccount: { create: false } }],
      ["values.key", { key: "a2V5" }],
      ["values.keysecret", { keysecret: "cGFzcw==" }],
      [
        "values.letsEncrypt.providers.cloudflare.apiToken",
        { letsEncrypt: { providers: { cloudflare: { apiToken: "t" } } } },
      ],
      [
        "values.letsEncrypt.providers.googleCloud.serviceAccount.content",
        { letsEncrypt: { providers: { googleCloud: { serviceAccount: { content: "{}" } } } } },
      ],
      ["values.authpem", { authpem: "-----BEGIN PRIVATE KEY-----\nSENTINEL" }],
      ["values.domain", { domain: "example.org" }],
      ["values.letsEncrypt.enabled", { letsEncrypt: { enabled: null } }],
      ["values.letsEncrypt", { letsEncrypt: null }],
      ["values.serviceAccount.name", { serviceAccount: { name: "mine" } }],
      ["values.letsEncrypt.acme.caDirUrl", { letsEncrypt: { acme: { caDirUrl: "" } } }],
      ["values.price_target_cpu", { price_target_cpu: 1 }],
    ];
    for (const [setting, values] of refused) {
      it(`${setting} is refused`, () => {
        const found = problems(configSource({ values: json(values) }));
        assert.equal(found.length, 1, found.join("\n"));
        assert(found[0]?.startsWith(`${setting} `), found[0]);
        assert(!found.join().includes("SENTINEL"));
      });
    }

    it("that are a secret are refused: Helm would keep them", () => {
      const source = configSource({ values: json({ image: { tag: "0.16.2" } }) });
      assertRefused(
        { ...source, secrets: new Set([...source.secrets, "values"]) },
        /^values holds a secret/,
      );
    });

    it("without their own setting are accepted", () => {
      const values = {
        price_target_new: "1",
        image: { tag: "0.16.2" },
        letsEncrypt: { acme: { httpChallengePort: 5003 } },
      };
      assert.deepEqual(readConfig(configSource({ values: json(values) })).values, values);
    });
  });

  describe("unknown settings", () => {
    const suggestions: readonly (readonly [string, string])[] = [
      ["emial", "email"],
      ["witdrawalperiod", "withdrawalperiod"],
      ["pricetargetcpu", "price_target_cpu"],
      ["key", "walletKey"],
      ["keysecret", "walletPassword"],
    ];
    for (const [name, meant] of suggestions) {
      it(`${name} is refused, and ${meant} suggested`, () => {
        assertRefused(
          configSource({ [name]: "x" }),
          new RegExp(`^${name} is not a setting; it is called ${meant}$`),
        );
      });
    }

    it("that resemble no setting get no suggestion", () => {
      assertRefused(configSource({ replicas: "2" }), /^replicas is not a setting$/);
    });
  });

  describe("a setting without effect", () => {
    it("causes a warning if chartVersion is set for a folder or an archive", () => {
      for (const chart of ["./charts/provider", "./provider.tgz"]) {
        const source = configSource({ chart, chartVersion: "18.0.0" }, "prod");
        assert.deepEqual(settingsWithoutEffect(source), [
          `chartVersion 18.0.0 has no effect: the version of the chart ${chart} is in its Chart.yaml.\n      pulumi config rm -s prod chartVersion`,
        ]);
      }
      const there = configSource({ chart: "./sandbox/chart/provider", chartVersion: "18.0.0" });
      assert.equal(readConfig(there).chartVersion, "18.0.0");
    });

    it("is not a chart's version beside a repository, or beside nothing", () => {
      for (const chart of [undefined, "https://charts.example.com", "oci://example.com/provider"]) {
        const source = configSource({ chart, chartVersion: "18.0.0" });
        assert.deepEqual(settingsWithoutEffect(source), []);
      }
    });
  });

  describe("chart values that look like credentials", () => {
    const warnings = (values: object) =>
      credentialWarnings(configSource({ values: JSON.stringify(values) }, "prod"));

    for (const [path, values] of [
      ["values.registry.pullPassword", { registry: { pullPassword: "SENTINEL" } }],
      ["values.a.apiToken", { a: { apiToken: "SENTINEL" } }],
      ["values.secretAccessKey", { secretAccessKey: "SENTINEL" }],
      ["values.AWS_SECRET_ACCESS_KEY", { AWS_SECRET_ACCESS_KEY: "SENTINEL" }],
      ["values.db.password", { db: { password: 12345 } }],
      ["values.items[1].clientSecret", { items: [{}, { clientSecret: "SENTINEL" }] }],
      ["values.env[0].value", { env: [{ name: "DB_PASSWORD", value: "SENTINEL" }] }],
    ] as const) {
      it(`are reported by path with the command that removes them, without their value: ${path}`, () => {
        const [sentence = "", ...others] = warnings(values);
        assert.deepEqual(others, []);
        assert(sentence.startsWith(`${path} looks like a credential. `), sentence);
        assert.match(sentence, /\n {6}pulumi config rm -s prod --path \S+$/);
        assert(!sentence.includes("SENTINEL") && !sentence.includes("12345"));
      });
    }

    it("are not the names of Secrets, settings of credentials, or empty values", () => {
      assert.deepEqual(
        warnings({
          existingSecret: "x",
          imagePullSecrets: [{ name: "x" }],
          pullSecret: "x",
          secretName: "x",
          passwordSecretRef: { name: "x", key: "password" },
          automountServiceAccountToken: true,
          tokenTTL: "1h",
          password: "",
          token: null,
          compass: "north",
          env: [{ name: "PASSWORD", valueFrom: { secretKeyRef: { name: "x", key: "y" } } }],
        }),
        [],
      );
      assert.deepEqual(warnings({}), []);
      assert.deepEqual(credentialWarnings(configSource({})), []);
    });
  });

  it("no message or command of a problem contains a value", () => {
    const sentinel = "SENTINEL";
    const everything = Object.fromEntries(
      Object.keys(requiredSettings).map((name) => [name, `${sentinel} `]),
    );
    assert.throws(
      () => readConfig(configSource(everything)),
      (error: unknown) => error instanceof ConfigError && !error.message.includes(sentinel),
    );
  });
});
