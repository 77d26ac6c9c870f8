import assert from "node:assert/strict";
import { doctorLine } from "../../../doctor/arguments.ts";
import type { Check } from "../../../doctor/check.ts";
import { checks } from "../../../doctor/checks/index.ts";
import { cloudAccess } from "../../../doctor/cloudAccess.ts";
import { examine } from "../../../doctor/examine.ts";
import { expectation } from "../../../doctor/expectation.ts";
import { NotAvailable } from "../../../doctor/finding.ts";
import { exitCode } from "../../../doctor/exitCode.ts";
import { worst, type Report } from "../../../doctor/report.ts";
import { reportText } from "../../../doctor/reportText.ts";
import { troubles } from "../../../doctor/troubleshooting.ts";
import { changesBetween, watch } from "../../../doctor/watch.ts";
import { UserError } from "../../../lib/errors.ts";
import { encodeParameters, parametersAnnotation } from "../../../chart/parameters.ts";
import { context } from "./context.ts";

const plain = (_style: unknown, text: string) => text;

describe("doctor, the report", () => {
  const closed = { wire: { certificate: () => Promise.resolve({ unreachable: "refused" }) } };

  it("has a unique id for each check and each problem", () => {
    const all = [
      ...checks.map(({ id }) => id),
      ...checks.flatMap(({ problems }) => problems.map(({ id }) => id)),
    ];
    assert.deepEqual(
      all.filter((id, index) => all.indexOf(id) !== index),
      [],
    );
  });

  it("gives a reason and a fix for each problem, also in the README", () => {
    for (const { sign, meaning, remedy } of troubles) {
      assert(sign !== "" && meaning.endsWith(".") && remedy.length > 2, sign);
      assert.doesNotMatch(`${sign}${meaning}${remedy}`, /undefined|\n/, sign);
    }
  });

  it("has one line for each check if all is well", async () => {
    const report = await examine(checks, context({ log: command }));
    assert.equal(worst(report), "ok");
    assert.equal(exitCode[worst(report)], 0);
    const text = reportText(report, plain);
    assert.match(text, /^provider\.example\.com \(stack prod\)\n\nRelease\n {2}✔ The Helm release/);
    assert.match(text, /\n20 ok, 0 info, 0 warning, 0 error$/);
  });

  const command =
    "Final command: run --cert-issuer-enabled --cert-issuer-email=operator@example.com --cert-issuer-ca-dir-url=https://acme-v02.api.letsencrypt.org/directory";

  it("contains all fields of a finding", async () => {
    const report = await examine(checks, context({ log: command, ...closed }));
    assert.equal(exitCode[worst(report)], 2);
    const finding = report.findings.find(({ id }) => id === "port-8443-closed");
    assert.deepEqual(Object.keys(finding ?? {}).sort(), [
      "command",
      "expected",
      "group",
      "id",
      "seen",
      "severity",
      "subject",
      "title",
      "why",
    ]);
    const text = reportText(report, plain);
    assert.match(
      text,
      /✖ Port 8443 .*\n {4}expected {2}a TLS server\n {4}seen {6}refused\n {4}why {7}.*\n {4}fix {7}openssl s_client/,
    );
  });

  it("shows external text without terminal control characters, and in one line", async () => {
    const text =
      "\u001b[2J\u001b]0;title\u0007refused\r\n\n15 ok, 0 info, 0 warning, 0 error\u202e";
    const report = await examine(
      checks,
      context({
        log: command,
        wire: { certificate: () => Promise.resolve({ unreachable: text }) },
      }),
    );
    const shown = reportText(report, plain);
    assert.doesNotMatch(shown, /[^\P{Cc}\n]|\u202e/u);
    assert.match(
      shown,
      /\n {4}seen {6}\\u001b\[2J\\u001b\]0;title\\u0007refused\\u000d\\u000a\\u000a15 ok, .*\\u202e\n {4}why/,
    );
    assert.equal(shown.match(/^15 ok/gm), null);
  });

  it("names the object of a finding", async () => {
    const { live } = context().cluster;
    const report = await examine(
      checks,
      context({
        log: command,
        cluster: {
          live: async (object) => ({ ...(await live(object)), data: { "run.sh": "other" } }),
        },
      }),
    );
    assert.match(
      reportText(report, plain),
      /! An object differs from .*: ConfigMap\/akash-provider-script\n {4}expected {2}data\.run\.sh /,
    );
  });

  it("shows the differing part of a long field, and the whole field in JSON", async () => {
    const { live } = context().cluster;
    const script = "# a line of the script\n".repeat(50);
    const changed = `${script}exit 1\n`;
    const report = await examine(
      checks,
      context({
        log: command,
        revision: {
          manifest: JSON.stringify({
            kind: "ConfigMap",
            metadata: { name: "script" },
            data: { "run.sh": `${script}exit 0\n`, other: "1" },
          }),
        },
        cluster: {
          live: (object) =>
            object.metadata?.name === "script"
              ? Promise.resolve({ ...object, data: { "run.sh": changed, other: "2" } })
              : live(object),
        },
      }),
    );
    const finding = report.findings.find(({ id }) => id === "object-changed");
    assert.equal(finding?.seen, `data.run.sh ${JSON.stringify(changed)}\ndata.other "2"`);
    const text = reportText(report, plain);
    assert.match(
      text,
      /\n {4}expected {2}data\.run\.sh ….{0,20}exit 0\\n"\n {14}data\.other "1"\n {4}seen {6}data\.run\.sh ….{0,20}exit 1\\n"\n {14}data\.other "2"\n/,
    );
  });

  const failing = (error: Error): Check => ({
    id: "x",
    group: "Release",
    title: "X is fine",
    problems: [],
    run: () => Promise.reject(error),
  });

  it("distinguishes a check that could not run from a finding, and continues", async () => {
    const report = await examine(
      [failing(new NotAvailable("no access")), failing(new Error("a fault"))],
      context(),
    );
    assert.deepEqual(
      report.findings.map(({ severity, title, seen }) => [severity, title, seen]),
      [
        ["info", "Not checked: X is fine", "no access"],
        ["warning", "Could not be checked: X is fine", "a fault"],
      ],
    );
    await assert.rejects(examine([failing(new UserError("no cluster"))], context()), UserError);
  });

  it("reports only changes when watching, and continues after a failed run", async () => {
    const well = await examine(checks, context({ log: command }));
    const ill = await examine(checks, context({ log: command, ...closed }));
    const runs: (Report | Error)[] = [well, well, ill, new Error("no cluster"), ill, well];
    const events: string[] = [];
    const last = await watch({
      check: () => {
        const next = runs.shift() ?? well;
        return next instanceof Error ? Promise.reject(next) : Promise.resolve(next);
      },
      first: () => events.push("first"),
      changed: ({ appeared, gone }) =>
        events.push(`+${appeared.map(({ id }) => id).join()} -${gone.map(({ id }) => id).join()}`),
      failed: (error) => events.push((error as Error).message),
      pause: () => Promise.resolve(runs.length > 0),
    });
    assert.equal(last, well);
    // Without a certificate the renewal cannot be checked.
    assert.deepEqual(events, [
      "first",
      "+port-8443-closed,renewal -",
      "no cluster",
      "+ -port-8443-closed,renewal",
    ]);
    assert.deepEqual(changesBetween(ill, ill), { appeared: [], gone: [] });
  });
});

describe("doctor, its arguments", () => {
  const written: string[] = [];
  const parse = (line: string) =>
    doctorLine.parse(line.split(" ").filter(Boolean), (text) => written.push(text));

  it("are read", () => {
    assert.equal(parse("--help"), undefined);
    assert.match(written.join(""), /^Usage: npm run doctor -- /);
    assert.deepEqual(
      parse(
        "-s prod --json --watch --interval 5 --prove --dns-server 127.0.0.1:53 --resolve a=1.2.3.4:5 --resolve b:80=[::1]:6 --resolve *=10.0.0.1 --resolve c=::1 --ca root.pem --ca other.pem",
      ),
      {
        stack: "prod",
        json: true,
        openmetrics: false,
        watch: true,
        interval: 5_000,
        prove: true,
        sandbox: false,
        dnsServers: ["127.0.0.1:53"],
        resolve: new Map([
          ["a", { address: "1.2.3.4", port: 5 }],
          ["b:80", { address: "::1", port: 6 }],
          ["*", { address: "10.0.0.1" }],
          ["c", { address: "::1" }],
        ]),
        ca: ["root.pem", "other.pem"],
      },
    );
  });

  for (const [line, sentence] of [
    ["", /Name the stack: npm run doctor -- -s 'STACK'/],
    ["-s a --interval soon", /--interval soon is not a number of seconds/],
    ["-s a --interval 0", /--interval 0 is not a number of seconds/],
    ["-s a --interval 1e9", /--interval 1e9 is not a number of seconds/],
    ["-s a --dns-server ns.test", /is not an IP address/],
    [
      "-s a --resolve b",
      /does not have the form host=address:port\. See npm run doctor -- --help\.$/,
    ],
    ["-s a --resolve b=10.0.0.1:0", /does not have the form host=address:port/],
    ["-s a --resolve b=:80", /does not have the form host=address:port/],
    ["-s a --resolve b=ADDRESS", /does not have the form host=address:port/],
    ["-s a --resolve b:443=host.test:443", /does not have the form host=address:port/],
    ["-s a --resolve *=ADDRESS", /--resolve \*=ADDRESS does not have the form host=address:port/],
    ["-s a --resolve *:443=ADDRESS", /does not have the form host=address:port/],
    ["-s a --resolve *=10.0.0.300", /does not have the form host=address:port/],
    ["-s a --resolve *=10.0.0.1:65536", /does not have the form host=address:port/],
    ["-s a --resolve *=10.0.0.1:https", /does not have the form host=address:port/],
    ["-s a --resolve *=[::1]:0", /does not have the form host=address:port/],
    ["-s a --resolve *=[10.0.0.1:80", /does not have the form host=address:port/],
    ["-s a --bogus", /Unknown option '--bogus'/],
    ["-s a --json=yes", /--json takes no value/],
    ["-s a b", /Too many arguments/],
    ["-s a --openmetrics --json", /--openmetrics and --json cannot be combined/],
    ["-s a --openmetrics --watch", /--openmetrics and --watch cannot be combined/],
    ["-s --json", /--stack has no value/],
    ["-s a --stack=", /--stack is set more than once/],
    ["--stack=", /--stack is empty/],
  ] as const) {
    it(`are refused with a message: ${line || "none"}`, () => {
      assert.throws(() => parse(line), sentence);
    });
  }
});

describe("doctor, its expectations", () => {
  const parameters = encodeParameters({
    challenge: {
      type: "dns-01",
      dnsProvider: "googleCloud",
      credentialDigest: "0123456789abcdef",
      environment: { GCE_PROJECT: "p", GCE_ZONE_ID: "z" },
    },
    walletDigest: "00112233445566ff",
  });
  const release = {
    type: "kubernetes:helm.sh/v3:Release",
    inputs: {
      name: "akash-provider",
      namespace: "akash-services",
      values: {
        domain: "example.com",
        letsEncrypt: { acme: { caDirUrl: "https://ca.example/dir", email: "a@b" } },
        serviceAccount: { annotations: { [parametersAnnotation]: parameters } },
      },
    },
    outputs: { status: { revision: 4 } },
  };

  it("come from the stack's state, without its secrets", () => {
    const key = {
      type: "gcp:serviceaccount/key:Key",
      inputs: {},
      outputs: {
        name: "projects/p/serviceAccounts/dns@p.iam/keys/abc",
        serviceAccountId: "projects/p/serviceAccounts/dns@p.iam",
        validAfter: "2026-11-01T00:00:00Z",
        privateKey: { ciphertext: "v1:…" },
      },
    };
    const expected = expectation("prod", [release, key]);
    assert.equal(expected.host, "provider.example.com");
    assert.equal(expected.revision, 4);
    assert.equal(expected.challenge.type, "dns-01");
    assert.equal(expected.created?.id, "abc");
    assert.equal(expected.created.owner, "dns@p.iam");
    assert.equal(expected.created.wholeProject, false);
  });

  it("are a message if the stack has deployed nothing", () => {
    assert.throws(
      () => expectation("prod", []),
      /^UserError: Stack prod has not deployed a provider\. Deploy it: pulumi up -s prod$/,
    );
  });

  describe("of the access to the clouds", () => {
    const provider = {
      type: "pulumi:providers:cloudflare",
      inputs: { baseUrl: "https://a", apiToken: { ciphertext: "v1:…" } },
      outputs: {},
    };
    const undecrypted = () => Promise.resolve(undefined);

    it("is read like by the plugins, with precedence for the stack", async () => {
      const environment = { CLOUDFLARE_BASE_URL: "https://b", CLOUDFLARE_API_TOKEN: "t" };
      const { cloudflare } = await cloudAccess("prod", [provider], environment, undecrypted);
      assert.equal(cloudflare.endpoint, "https://a");
      assert.equal(cloudflare.apiToken, "t");
    });

    it("decrypts only encrypted settings that identify the operator", async () => {
      const requested: string[] = [];
      const { cloudflare, hidden } = await cloudAccess(
        "prod",
        [provider],
        { CLOUDFLARE_API_TOKEN: "t" },
        (key) => {
          requested.push(key);
          return Promise.resolve("decrypted");
        },
      );
      assert.deepEqual(requested, ["cloudflare:apiToken"]);
      assert.equal(cloudflare.apiToken, "decrypted");
      assert.deepEqual(hidden, {});
    });

    it("reports what could not be decrypted, and how to check it", async () => {
      const { cloudflare, hidden } = await cloudAccess("prod", [provider], {}, undecrypted);
      assert.equal(cloudflare.apiToken, undefined);
      assert.match(
        hidden?.cloudflare ?? "",
        /^cloudflare:apiToken is encrypted, .*PULUMI_CONFIG_PASSPHRASE_FILE='FILE' npm run doctor -- -s prod, or your own credential in CLOUDFLARE_API_TOKEN$/,
      );
    });
  });
});
