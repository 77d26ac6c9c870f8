import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { ConfigError, readConfig } from "../../config/index.ts";
import { textsInFile } from "../../config/source.ts";
import type { Sandbox } from "../../sandbox/cluster/sandbox.ts";
import { itExhaustive } from "../support/exhaustive.ts";
import { programsPath } from "../support/programsPath.ts";
import { testSandbox } from "../support/sandbox.ts";
import { readKubeconfig } from "../support/secondCluster.ts";
import { walletKey } from "../support/settings.ts";
import { Workspace, type CommandResult, type StackSettings } from "../support/workspace.ts";

const name = "commands";
const project = "akash-provider-letsencrypt";
const dns01 = (dns: object): StackSettings => ({ challenge: "dns-01", dns });

/** The commands in messages, run unchanged, in the situation that they are for. */
describe("commands in messages", () => {
  let sandbox: Sandbox;
  let workspace: Workspace;

  before(async () => {
    sandbox = await testSandbox();
    const plain = await Workspace.create(sandbox, name, name, {});
    workspace = plain.withEnvironment({
      PATH: await programsPath(["kubectl", "helm"], sandbox.environment.PATH),
    });
    writeFileSync(join(workspace.directory, "wallet.key"), walletKey);
  });

  async function paste(command: string): Promise<CommandResult> {
    const result = await workspace.shell(command);
    assert.equal(result.status, 0, `${command}\n${result.output}`);
    return result;
  }

  describe("of the configuration", () => {
    /** The problems that the program finds in the stack's settings, as Pulumi passes them on. */
    async function problems(): Promise<ConfigError["problems"]> {
      const { stdout } = await workspace.succeed(
        ...["config", "-s", name, "--json", "--show-secrets"],
      );
      const all = Object.entries(
        JSON.parse(stdout) as Readonly<
          Record<string, { readonly value: string; readonly secret: boolean }>
        >,
      )
        .filter(([key]) => key.startsWith(`${project}:`))
        .map(([key, setting]) => [key.split(":")[1] ?? "", setting] as const);
      const isTextInFile = textsInFile(workspace.directory, name);
      try {
        readConfig({
          stack: name,
          values: Object.fromEntries(all.map(([key, { value }]) => [key, value])),
          secrets: new Set(all.flatMap(([key, { secret }]) => (secret ? [key] : []))),
          keptAsText: (key) => isTextInFile(`${project}:${key}`),
        });
      } catch (error) {
        assert(error instanceof ConfigError);
        return error.problems;
      }
      return [];
    }

    const googleCloud = { provider: "googleCloud", project: "sandbox-project" };
    const cloudflare = { provider: "cloudflare", zone: "example.test" };
    const cases: readonly (readonly [what: string, settings: StackSettings])[] = [
      ["a list that is a text", { attributes: "region" }],
      ["a list that is a text of JSON", { attributes: '[ {"key": "region"} ]' }],
      ["a list that is a compact text of JSON", { attributes: '[{"key":"region"}]' }],
      [
        "a compact text with several mistakes",
        { attributes: '[{"key":"a","value":"b"},{"key":"region"},{"key":"x y","value":"it\'s"}]' },
      ],
      [
        "a DNS provider that is a compact text",
        { challenge: "dns-01", dns: '{"expireson":"y","provider":"cloudflare","zone":"x"}' },
      ],
      ["an item without its value", { attributes: [{ key: "region" }] }],
      ["an item that is a text", { attributes: [{ key: "region", value: "eu" }, "tier"] }],
      ["an item with an additional key", { attributes: [{ key: "a", value: "b", "x y": "z" }] }],
      ["a typed list that is one value", dns01({ ...cloudflare, allowedIps: "192.0.2.7/32" })],
      ["a typed list with a wrong item", dns01({ ...cloudflare, allowedIps: ["x"] })],
      ["a wrong number", dns01({ ...cloudflare, proofTimeout: "soon" })],
      ["a wrong name, and an unknown option", dns01({ ...cloudflare, zone: "x", expireson: "y" })],
      ["a missing option", dns01({ provider: "googleCloud" })],
      ["no DNS provider", dns01({ provider: "bind" })],
      ["a DNS provider that is a text", { challenge: "dns-01", dns: "cloudflare" }],
      ["dns-01 without a DNS provider", { challenge: "dns-01" }],
      ["http-01 with a DNS provider", { challenge: "http-01", dns: googleCloud }],
      ["a wrong grant", dns01({ ...googleCloud, grant: "all" })],
      ["an ingress that is a text", { ingress: "ingress" }],
      ["an ingress with an unknown mode", { ingress: { mode: "x" } }],
      [
        "chart values that disable the certificate",
        { values: { letsEncrypt: { enabled: false, acme: null }, domain: "other.test" } },
      ],
      [
        "chart values with credentials",
        {
          values: {
            key: "x",
            "a key": { list: [1, { text: "-----BEGIN PRIVATE KEY-----" }] },
            list: [{ text: "-----BEGIN PRIVATE KEY-----" }],
          },
        },
      ],
      [
        "invalid plain settings",
        { email: "nobody", domain: "provider.example.test", timeout: "x", chartVersion: "1" },
      ],
      ["missing and unknown settings", { email: undefined, emial: "a@example.test" }],
      ["a wallet in plain text", { walletKey, walletPassword: "password" }],
      [
        "two storage classes",
        {
          storageClass: "beta2",
          attributes: [
            { key: "capabilities/storage/1/class", value: "beta3" },
            { key: "capabilities/storage/1/persistent", value: "true" },
          ],
        },
      ],
    ];

    for (const [index, [what, settings]] of cases.entries()) {
      // Otherwise a part of the commands: the unit tests parse all of them as a shell does.
      (index % 3 === 0 ? it : itExhaustive)(`fix ${what}`, async () => {
        // The sandbox's chart is only in the workspace, and the folder of this process is the project.
        workspace.configure({ chart: undefined, ...settings });
        const seen: string[] = [];
        let [first] = await problems();
        assert(first !== undefined, "nothing is wrong");
        while (first !== undefined) {
          const { setting, problem, command } = first;
          const step = `${setting} ${problem}: ${command}`;
          assert(!seen.includes(step), `not fixed by ${step}`);
          seen.push(step);
          // A credential is read from the terminal if no file is named.
          await paste(/--secret \S+$/.test(command) ? `echo password | ${command}` : command);
          [first] = await problems();
        }
      });
    }
  });

  itExhaustive("keep the values of a compact JSON text, if they are valid", async () => {
    const attributes = [
      { key: "region", value: "eu" },
      { key: "tier", value: "true" },
    ];
    workspace.configure({ attributes: JSON.stringify(attributes) });
    const before = await workspace.succeed("preview", "-s", name);
    const [, command] =
      /attributes is a single text [^]*?\n +(pulumi config rm .*)/.exec(before.output) ?? [];
    assert(command !== undefined, before.output);
    await paste(command);
    const { stdout } = await workspace.succeed("config", "get", "-s", name, "attributes");
    assert.deepEqual(JSON.parse(stdout), [attributes[0], { key: "tier", value: true }]);
    const after = await workspace.succeed("preview", "-s", name);
    assert.doesNotMatch(after.output, /is a single text/);
  });

  itExhaustive("let an image read the key that it cannot read", async () => {
    workspace.configure({
      walletKey: undefined,
      values: { image: { tag: "0.8.2" } },
    });
    await paste(
      `sed 's/kdf: bcrypt/kdf: argon2/' wallet.key | pulumi config set -s ${name} --secret walletKey`,
    );
    const before = await workspace.succeed("preview", "-s", name);
    const [command] =
      /pulumi config rm -s commands --path values\.image\.tag/.exec(before.output) ?? [];
    assert(command !== undefined, before.output);
    await paste(command);
    const after = await workspace.succeed("preview", "-s", name);
    assert.doesNotMatch(after.output, /argon2/);
  });

  itExhaustive("remove a setting without effect", async () => {
    workspace.configure({ chartVersion: "19.0.2" });
    const { output } = await workspace.succeed("preview", "-s", name);
    const [command] = /pulumi config rm -s commands chartVersion/.exec(output) ?? [];
    assert(command !== undefined, output);
    await paste(command);
    const after = await workspace.succeed("preview", "-s", name);
    assert.doesNotMatch(after.output, /has no effect/);
  });

  describe("of a provider that belongs to another stack", () => {
    it("destroy the other stack, or change its CA", async () => {
      const settings = { namespace: "owned", releaseName: "owned-provider", timeout: "60" };
      workspace.configure(settings);
      await workspace.up();
      const second = await Workspace.create(
        sandbox,
        "commands-second",
        "commands-second",
        settings,
      );
      const refused = await second.pulumi("up", "-s", "commands-second", "--yes");
      assert.notEqual(refused.status, 0, refused.output);
      const [set] =
        /pulumi config set -s commands acmeDirectory production/.exec(refused.output) ?? [];
      const [destroy] = /pulumi destroy -s commands --run-program/.exec(refused.output) ?? [];
      assert(set !== undefined && destroy !== undefined, refused.output);
      await paste(set);
      await paste(`${destroy} --yes`);
      await second.up();
      await second.destroy();
    });
  });

  describe("of a kubeconfig", () => {
    // The doctor checks nothing before that.
    before(async () => {
      workspace.configure({});
      await workspace.up();
    });
    after(async () => {
      workspace.configure({});
      await workspace.destroy();
    });

    it("name a context, and show the kubeconfig", async () => {
      workspace.configure({});
      const kubeconfig = readKubeconfig(sandbox.kubeconfig);
      const KUBECONFIG = join(workspace.directory, "without-context");
      writeFileSync(KUBECONFIG, JSON.stringify({ ...kubeconfig, "current-context": "" }));
      const at = workspace.withEnvironment({ KUBECONFIG });
      const doctor = await at.shell(`${process.execPath} ${resolve("doctor/main.ts")} -s ${name}`);
      const [command] =
        /pulumi config set -s commands kubeContext 'CONTEXT'/.exec(doctor.output) ?? [];
      assert(command !== undefined, doctor.output);
      await paste(command.replace("CONTEXT", "sandbox"));
      await at.succeed("preview", "-s", name);
      for (const shows of ["kubectl config view", "kubectl config get-contexts"]) {
        const { status, output } = await at.shell(shows);
        assert.equal(status, 0, output);
        assert.match(output, /sandbox/);
      }
    });

    /** The output of kubectl when the doctor prints its command, with this kubeconfig. */
    async function kubectlSays(kubeconfig: object, command: RegExp): Promise<string> {
      workspace.configure({});
      const KUBECONFIG = join(workspace.directory, "changed-kubeconfig");
      writeFileSync(KUBECONFIG, JSON.stringify(kubeconfig));
      const at = workspace.withEnvironment({ KUBECONFIG });
      const doctor = await at.shell(`${process.execPath} ${resolve("doctor/main.ts")} -s ${name}`);
      const [shown] = command.exec(doctor.output) ?? [];
      assert(shown !== undefined, doctor.output);
      return (await at.shell(shown)).output;
    }

    it("check a cluster that does not respond, or does not accept the user", async () => {
      const { clusters, users, ...rest } = readKubeconfig(sandbox.kubeconfig);
      const gone = { ...clusters[0]?.cluster, server: "https://127.0.0.1:2" };
      assert.match(
        await kubectlSays(
          { ...rest, users, clusters: [{ name: "sandbox", cluster: gone }] },
          /kubectl .*cluster-info/,
        ),
        /127\.0\.0\.1:2/,
      );
      assert.match(
        await kubectlSays(
          { ...rest, clusters, users: [{ name: "sandbox", user: { token: "unknown" } }] },
          /kubectl .*auth whoami/,
        ),
        /Unauthorized/,
      );
    });

    it("set another kubeconfig in place of an unreadable one, whose content is not shown", async () => {
      workspace.configure({});
      const content = readFileSync(sandbox.kubeconfig, "utf8");
      const encoded = Buffer.from(content).toString("base64");
      const set = ["config", "set", "-s", name, "--secret", "kubernetes:kubeconfig"];
      await workspace.succeed(...set, encoded);
      const { status, output } = await workspace.pulumi("preview", "-s", name);
      assert.notEqual(status, 0, output);
      assert.match(output, /it is base64-encoded/);
      assert(!output.includes(encoded.slice(0, 40)), "the kubeconfig is shown");
      const [command] =
        /pulumi config set -s commands --secret kubernetes:kubeconfig < kubeconfig\.yaml/.exec(
          output,
        ) ?? [];
      assert(command !== undefined, output);
      writeFileSync(join(workspace.directory, "kubeconfig.yaml"), content);
      await paste(command);
      await workspace.succeed("preview", "-s", name);
    });
  });

  describe("of a lookup", () => {
    async function refusal(settings: StackSettings): Promise<string> {
      workspace.configure(settings);
      const { status, output } = await workspace.pulumi("preview", "-s", name);
      assert.notEqual(status, 0, output);
      assert.doesNotMatch(output, /\n\s+at .*\.[jt]s:/, "a stack trace");
      const command = /^ +(pulumi config set .*)$/m.exec(output)?.[1];
      assert(command !== undefined, output);
      return command;
    }

    for (const [cloud, dns] of [
      ["Google", { provider: "googleCloud", project: "sandbox-project", zone: "other-test" }],
      ["Cloudflare", { provider: "cloudflare", zone: "other.test" }],
    ] as const) {
      it(`name a zone at ${cloud} that contains the host`, async () => {
        await paste(await refusal(dns01(dns)));
        await workspace.succeed("preview", "-s", name);
      });
    }
  });

  describe("of the stack's outputs", () => {
    it("inspect the deployment", async () => {
      workspace.configure({ namespace: name, timeout: "60" });
      await workspace.up();
      const { commands } = (await workspace.outputs()) as {
        readonly commands: Readonly<Record<string, string>>;
      };
      assert.match((await paste(commands.pod ?? "")).stdout, /akash-provider-0/);
      assert.match((await paste(commands.settings ?? "")).stdout, /AP_CERT_ISSUER_EMAIL/);
      assert.match((await paste(commands.history ?? "")).stdout, /deployed/);
      await workspace.destroy();
    });
  });
});
