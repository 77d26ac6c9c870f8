import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { ConfigError, readConfig } from "../../config/index.ts";
import type { Sandbox } from "../../sandbox/cluster/sandbox.ts";
import { programsPath } from "../support/programsPath.ts";
import { testSandbox } from "../support/sandbox.ts";
import { walletKey } from "../support/settings.ts";
import { Workspace, type CommandResult, type StackSettings } from "../support/workspace.ts";

const name = "commands";
const dns01 = (dns: object): StackSettings => ({ challenge: "dns-01", dns });

/** The commands that messages give, run as they are, in the situation that they are for. */
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
    /** What the program finds in the stack's settings, as Pulumi hands them over. */
    async function problems(): Promise<ConfigError["problems"]> {
      const { stdout } = await workspace.succeed(
        ...["config", "-s", name, "--json", "--show-secrets"],
      );
      const all = Object.entries(
        JSON.parse(stdout) as Readonly<
          Record<string, { readonly value: string; readonly secret: boolean }>
        >,
      )
        .filter(([key]) => key.startsWith("akash-provider-letsencrypt:"))
        .map(([key, setting]) => [key.split(":")[1] ?? "", setting] as const);
      try {
        readConfig({
          stack: name,
          values: Object.fromEntries(all.map(([key, { value }]) => [key, value])),
          secrets: new Set(all.flatMap(([key, { secret }]) => (secret ? [key] : []))),
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
      ["an item without its value", { attributes: [{ key: "region" }] }],
      ["an item that is a text", { attributes: [{ key: "region", value: "eu" }, "tier"] }],
      ["an item with a key too many", { attributes: [{ key: "a", value: "b", "x y": "z" }] }],
      ["a typed list that is one value", dns01({ ...cloudflare, allowedIps: "192.0.2.7/32" })],
      ["a typed list with a wrong item", dns01({ ...cloudflare, allowedIps: ["x"] })],
      ["a wrong number", dns01({ ...cloudflare, proofTimeout: "soon" })],
      ["a wrong name, and an unknown option", dns01({ ...cloudflare, zone: "x", expireson: "y" })],
      ["an option that is missing", dns01({ provider: "googleCloud" })],
      ["no DNS provider", dns01({ provider: "bind" })],
      ["a DNS provider that is a text", { challenge: "dns-01", dns: "cloudflare" }],
      ["dns-01 without a DNS provider", { challenge: "dns-01" }],
      ["http-01 with a DNS provider", { challenge: "http-01", dns: googleCloud }],
      ["a wrong grant", dns01({ ...googleCloud, grant: "all" })],
      ["an ingress that is a text", { ingress: "ingress" }],
      ["an ingress of a mode that there is not", { ingress: { mode: "x" } }],
      [
        "chart values that take the certificate away",
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
        "plain settings that are wrong",
        { email: "nobody", domain: "provider.example.test", timeout: "x", chartVersion: "1" },
      ],
      ["settings that are missing, or unknown", { email: undefined, emial: "a@example.test" }],
      ["a wallet in clear", { walletKey, walletPassword: "password" }],
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

    for (const [what, settings] of cases) {
      it(`mend ${what}`, async () => {
        // The sandbox's chart is in the workspace alone, and the folder of this process is the project.
        workspace.configure({ chart: undefined, ...settings });
        const seen: string[] = [];
        let [first] = await problems();
        assert(first !== undefined, "nothing is wrong");
        while (first !== undefined) {
          const { setting, problem, command } = first;
          const step = `${setting} ${problem}: ${command}`;
          assert(!seen.includes(step), `not mended by ${step}`);
          seen.push(step);
          // A credential is asked for, where no file is named.
          await paste(/--secret \S+$/.test(command) ? `echo password | ${command}` : command);
          [first] = await problems();
        }
      });
    }
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
      it(`name a zone at ${cloud} that holds the host`, async () => {
        await paste(await refusal(dns01(dns)));
        await workspace.succeed("preview", "-s", name);
      });
    }
  });

  describe("of the stack's outputs", () => {
    it("look at what is deployed", async () => {
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
