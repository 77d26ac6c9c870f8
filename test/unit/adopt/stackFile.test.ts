import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parse } from "yaml";
import { configuredByPulumi, readStackFile, writeSettings } from "../../../adopt/stackFile.ts";
import { ownName } from "../../../lib/stackFile.ts";

describe("a stack's file", () => {
  let directory: string;

  before(() => {
    directory = mkdtempSync(join(tmpdir(), "adopt-test-"));
    mkdirSync(join(directory, "stacks"));
    writeFileSync(join(directory, "Pulumi.yaml"), "name: mine\nstackConfigDir: stacks\n");
    writeFileSync(
      join(directory, "stacks/Pulumi.prod.yaml"),
      [
        "config:",
        "  mine:chart: ./chart",
        "  mine:walletKey: { secure: v1:x }",
        "  mine:dns: { provider: cloudflare, apiToken: { secure: v1:y } }",
        "  cloudflare:baseUrl: http://127.0.0.1",
        "",
      ].join("\n"),
    );
  });
  after(() => {
    rmSync(directory, { recursive: true });
  });

  describe("with new settings", () => {
    const identity = { project: "mine", stack: "acme/mine/new" };
    const path = () => join(directory, "stacks/Pulumi.new.yaml");
    afterEach(() => {
      rmSync(path(), { force: true });
    });

    it("keeps its other content, with its comments", () => {
      writeFileSync(
        path(),
        [
          "# yaml-language-server: $schema=./schema.json",
          "encryptionsalt: v1:abc",
          "config:",
          "  mine:domain: old.example.com # the former one",
          "  mine:walletKey:",
          "    secure: v1:x",
          "  gcp:project: p",
          "",
        ].join("\n"),
      );
      writeSettings(directory, identity, { domain: "example.com", from: "akash1x" });
      assert.equal(
        readFileSync(path(), "utf8"),
        [
          "# yaml-language-server: $schema=./schema.json",
          "encryptionsalt: v1:abc",
          "config:",
          "  mine:domain: example.com",
          "  mine:walletKey:",
          "    secure: v1:x",
          "  gcp:project: p",
          "  mine:from: akash1x",
          "",
        ].join("\n"),
      );
    });

    it("keeps scalars unchanged, for any parser", () => {
      const lines = [
        "encryptionsalt: v1:abc",
        "config:",
        "  mine:timeout: 0744",
        "  mine:website: yes",
        "  mine:node: ~",
        "  mine:chainid:",
        "  mine:dns: { rotation: 2026-12-01, maxAgeDays: 0o17, big: 9007199254740993, at: 22:30 }",
        "  mine:values:",
        "    a: 1e7",
        "    b: 1.60",
        "    <<: &x { c: 0x1F }",
        "    d: !!str 12",
        "    'on': +05:30",
        "",
      ];
      writeFileSync(path(), lines.join("\n"));
      writeSettings(directory, identity, { namespace: "akash" });
      assert.equal(
        readFileSync(path(), "utf8"),
        [...lines.slice(0, -1), "  mine:namespace: akash", ""].join("\n"),
      );
    });

    it("is created where it is missing, and keeps types for any YAML parser", () => {
      const values = {
        texts: [
          "true",
          "yes",
          "n",
          "null",
          "~",
          "",
          "12",
          "1e3",
          "0x1f",
          "2026-11-20",
          "1_0",
          "12:30",
          "=",
          "<<",
        ],
        multi: "a\n  b: c\n\n",
        odd: "a\r\nb\u0085c\u2028d\ttab",
        others: [true, null, 12, 1.5, [], {}],
        "8080": { "example.com/disk": "true" },
        special: ["- x", "a: b", "a #b", "*x", "&x", "!x", "{x}", "[x]", "%x", "@x", "'x'", '"x"'],
      };
      writeSettings(directory, identity, { values });
      for (const version of ["1.1", "1.2"] as const) {
        assert.deepEqual(parse(readFileSync(path(), "utf8"), { version }), {
          config: { "mine:values": values },
        });
      }
      assert.deepEqual(readStackFile(directory, "new").settings, { values });
    });

    it("may contain more than a command line", () => {
      const values = { script: `${"x".repeat(1023)}\n`.repeat(200) };
      writeSettings(directory, identity, { values });
      assert.deepEqual(readStackFile(directory, "new").settings, { values });
    });
  });

  it("contains the program's settings, and which are encrypted", () => {
    assert.deepEqual(readStackFile(directory, "prod"), {
      settings: { chart: "./chart" },
      encrypted: ["walletKey", "dns"],
    });
  });

  it("contains the Kubernetes plugin's settings", () => {
    const lines =
      "config:\n  kubernetes:context: prod\n  kubernetes:kubeconfig: { secure: v1:z }\n";
    writeFileSync(join(directory, "stacks/Pulumi.other.yaml"), lines);
    const { kubernetes } = readStackFile(directory, "other");
    assert.deepEqual(kubernetes, { context: "prod", kubeconfig: { secure: "v1:z" } });
  });

  it("contains its values as Pulumi passes them, with unchanged dates", () => {
    const lines = [
      "config:",
      "  mine:namespace: 12345678",
      "  mine:website: yes",
      "  mine:chainid: 2026-12-01",
      "  mine:timeout: 0744",
      "  mine:node:",
      "  mine:values:",
      "    a: 9007199254740993",
      "    b: [2026-12-01 00:00:00 +0000 UTC, 2026-12-01, 22:30, on]",
      "    c: 10000000",
      "    d: null",
      "",
    ].join("\n");
    writeFileSync(join(directory, "stacks/Pulumi.written.yaml"), lines);
    assert.deepEqual(readStackFile(directory, "written").settings, {
      namespace: "12345678",
      website: "yes",
      chainid: "2026-12-01",
      timeout: "484",
      node: "",
      values: {
        a: "9007199254740993",
        b: ["2026-12-01 00:00:00 +0000 UTC", "2026-12-01", "22:30", "on"],
        c: 10000000,
        d: null,
      },
    });
  });

  it("is found by the stack's own name", () => {
    assert.equal(ownName("acme/mine/prod"), "prod");
    assert.equal(readStackFile(directory, "acme/prod").settings.chart, "./chart");
  });

  it("reads a key without a colon as the project's, like Pulumi", () => {
    const lines = "config:\n  kubeContext: edge\n  mine:config:email: a@example.com\n";
    writeFileSync(join(directory, "stacks/Pulumi.short.yaml"), lines);
    assert.deepEqual(readStackFile(directory, "short").settings, {
      kubeContext: "edge",
      email: "a@example.com",
    });
  });

  it("is Pulumi's output, including an environment", () => {
    const file = readStackFile(directory, "prod");
    const told = configuredByPulumi(
      "mine",
      JSON.stringify({
        "mine:chart": { value: "./chart", secret: false },
        "mine:email": { value: "esc@example.com", secret: false },
        "mine:attributes": { value: "[1]", objectValue: [1], secret: false },
        "mine:walletKey": { secret: true },
        "mine:walletPassword": { secret: true },
        "kubernetes:context": { value: "edge", secret: false },
      }),
      file,
    );
    assert.deepEqual(told, {
      settings: { chart: "./chart", email: "esc@example.com", attributes: [1] },
      encrypted: ["walletKey", "walletPassword"],
      inEnvironment: ["email", "attributes", "walletPassword"],
      kubernetes: { context: "edge" },
    });
    assert.equal(configuredByPulumi("mine", "no JSON", file), undefined);
  });

  for (const [what, text, where] of [
    ["a bracket that stays open", "config: [SENTINEL", /: line 1, column \d+ \(.*: sed -n 1p /],
    ["a key that stands twice", "config:\n  a: 1\n  a: SENTINEL\n", /: line 3, column 3 \(/],
    ["an alias of nothing", "config:\n  a: *SENTINEL\n", /: an alias \(\*\) in it .*: grep -n /],
  ] as const) {
    it(`is refused in a sentence without its content, with ${what}`, () => {
      writeFileSync(join(directory, "stacks/Pulumi.wrong.yaml"), text);
      assert.throws(
        () => readStackFile(directory, "wrong"),
        ({ name, message }: Error) => {
          assert.equal(name, "UserError");
          assert.match(
            message,
            /Pulumi\.wrong\.yaml is not YAML, and Pulumi cannot read it either/,
          );
          assert.match(message, where);
          assert.doesNotMatch(message, /SENTINEL|\n/);
          return true;
        },
      );
    });
  }

  it("is empty where it does not exist, or has no content", () => {
    writeFileSync(join(directory, "stacks/Pulumi.empty.yaml"), "config:\n");
    assert.deepEqual(readStackFile(directory, "empty"), { settings: {}, encrypted: [] });
    assert.deepEqual(readStackFile(directory, "staging"), { settings: {}, encrypted: [] });
  });
});
