import assert from "node:assert/strict";
import { mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { pulumiStateDirectory } from "../../sandbox/pulumi/environment.ts";
import { SandboxClouds } from "../support/clouds.ts";
import { Provider } from "../support/provider.ts";
import { testSandbox } from "../support/sandbox.ts";
import { walletKey } from "../support/settings.ts";
import type { CommandResult, Workspace } from "../support/workspace.ts";

const name = "adopted";
/** As a shell's echo creates it: the line break is part of what the provider reads. */
const password = "SENTINEL-adopted-password\n";

const script = "#!/bin/sh\necho 1\n";

/** A provider that Helm has installed, through its adoption; each test continues where the previous one ended. */
describe("a provider that Helm has installed", () => {
  let provider: Provider;
  let workspace: Workspace;
  let clouds: SandboxClouds;
  let token: { readonly id: string; readonly value: string };

  before(async () => {
    clouds = new SandboxClouds(await testSandbox());
    token = await clouds.cloudflareToken(name);
    provider = await Provider.install({
      name,
      values: values(token.value),
      secrets: ["keys", "cloudflare-dns"],
    });
    ({ workspace } = provider);
    await provider.upgrade(undefined, "--set", "website=https://set.example.test");
    await provider.cluster.core.patchNamespace({
      name,
      fieldManager: "kubectl-label",
      body: [{ op: "add", path: "/metadata/labels/akash.network~1name", value: name }],
    });
    await provider.remember();
  });
  after(async () => {
    provider.stopWatching();
    await clouds.revoke("cloudflare", token.id);
  });

  /** Adopts it with the zone that its file does not set. */
  function adopt(...args: readonly string[]): Promise<CommandResult> {
    return provider.adopt("--zone", "example.test", ...args);
  }

  async function assertNothingChanged(): Promise<void> {
    await provider.assertSecretsUntouched();
    await provider.assertSamePod();
    const history = await provider.cluster.helmHistory(name);
    assert(history.every(({ text }) => text.includes(token.value)));
    assert.doesNotMatch(provider.stackFile(), /walletKey/);
    assert.doesNotMatch(await provider.state(), /AkashProvider/);
  }

  it("is not adopted from a file that is malformed, and nothing is changed", async () => {
    provider.write("malformed.yaml", `key: "${password}`);
    const { status, output } = await provider.runAdopt(["malformed.yaml", ...provider.place]);
    assert.equal(status, 1);
    assert.match(output, /malformed\.yaml is not YAML: line \d+/);
    await assertNothingChanged();
  });

  it("is not adopted while the file is incomplete, and nothing is changed", async () => {
    const { status, output } = await provider.adopt();
    assert.equal(status, 1);
    assert.match(
      output,
      /Nothing was changed\.\n.*does not name the zone of its credential; add --zone/,
    );
    await assertNothingChanged();
  });

  it("is not adopted without its file", async () => {
    const { status, output } = await provider.runAdopt(provider.place);
    assert.equal(status, 1);
    assert.match(output, /was not deployed by .*: npm run adopt -- provider\.yaml -s adopted$/m);
    await assertNothingChanged();
  });

  for (const [place, missing] of [
    [["--namespace", "default"], "default has no Helm release akash-provider"],
    [["--namespace", name, "--release", "another"], "adopted has no Helm release another"],
  ] as const) {
    it(`is not found with ${place.join(" ")}, but its place is reported`, async () => {
      const { status, output } = await provider.runAdopt(["provider.yaml", ...place]);
      assert.equal(status, 1);
      assert.match(output, new RegExp(`${missing}\\. .*add ${provider.place.join(" ")}\\.`));
    });
  }

  it("is not adopted while its last revision has failed", async () => {
    const mark = await provider.cluster.markPending(name, "failed");
    const { status, output } = await adopt();
    assert.equal(status, 1);
    assert.match(
      output,
      /Revision 3 of the release adopted-provider is failed, and not deployed\./,
    );
    await provider.cluster.core.deleteNamespacedSecret({ namespace: name, name: mark });
    await assertNothingChanged();
  });

  it("can be adopted despite a pending revision, after the printed command", async () => {
    await provider.cluster.markPending(name);
    const refused = await adopt();
    assert.equal(refused.status, 1);
    const [, command = ""] =
      /is pending-upgrade.*: helm -n adopted (.*)\n/.exec(refused.output) ?? [];
    await provider.helm(...command.split(" "));
    const { status, output } = await adopt("--dry-run");
    assert.equal(status, 0, output);
    await assertNothingChanged();
  });

  it("is only described in a dry run, with the differences between the file and the release", async () => {
    const { status, output } = await adopt("--dry-run");
    assert.equal(status, 0, output);
    assert.match(output, /walletKey: "\[secret\]"/);
    assert.match(output, /letsEncrypt\.dns\.providers +No chart since 12\.1\.3 reads the value/);
    assert.match(output, /website +only in the release/);
    assert.match(output, /helm -n adopted get values adopted-provider -o yaml > provider\.yaml/);
    assert.match(output, /Nothing was changed\. An adoption would run:/);
    await assertNothingChanged();
  });

  it("is described as JSON, the only text on standard output", async () => {
    const { stdout } = await adopt("--dry-run", "--json");
    const { adopted, secrets, settings } = JSON.parse(stdout) as {
      readonly adopted: boolean;
      readonly secrets: readonly string[];
      readonly settings: { readonly dns: unknown };
    };
    assert.equal(adopted, false);
    assert.deepEqual(secrets, ["walletKey", "walletPassword", "dns.apiToken"]);
    assert.deepEqual(settings.dns, { provider: "cloudflare", zone: "example.test" });
  });

  /**
   * Kills the adoption when it runs a pulumi command, as `kill -9` does.
   *
   * @param command the beginning of the command
   * @param first what the shell does before
   */
  async function adoptKilledAt(command: string, first = ":"): Promise<void> {
    const path = provider.sandbox.environment.PATH ?? "";
    mkdirSync(provider.path("killing"), { recursive: true });
    provider.write(
      "killing/pulumi",
      `#!/bin/sh
export PATH='${path}'
case "$*" in "${command}"*) ${first}; kill -9 $PPID; exit 1;; esac
exec pulumi "$@"
`,
      0o755,
    );
    const { status } = await provider.runAdopt(
      ["provider.yaml", ...provider.place, "--zone", "example.test"],
      { PATH: `${provider.path("killing")}:${path}` },
    );
    assert.equal(status, null, "the adoption was not killed");
    await provider.assertSamePod();
    await provider.assertSecretsStayed();
  }

  it("is unchanged if the adoption is killed between the settings", async () => {
    // The stack is created if it does not exist.
    await workspace.succeed("stack", "rm", name, "--yes", "--preserve-config");
    await adoptKilledAt("config set -s");
    await provider.assertSecretsUntouched();
  });

  it("is unchanged if the adoption is killed after the settings", async () => {
    await adoptKilledAt("up -s");
    await provider.assertSecretsUntouched();
  });

  it("is unchanged if up runs before the adoption", async () => {
    const { status, output } = await workspace.pulumi("up", "-s", name, "--yes");
    assert.notEqual(status, 0);
    assert.match(output, /conflict with "helm"/);
    await provider.assertSamePod();
    await provider.assertSecretsStayed();
  });

  it("is unchanged if Pulumi is also killed, and the command to remove the lock is printed", async () => {
    const locks = join(pulumiStateDirectory(provider.sandbox.directory), ".pulumi/locks");
    await adoptKilledAt(
      "import -s",
      `pulumi "$@" >/dev/null 2>&1 & until grep -rqs . '${locks}'; do sleep 0.02; done; kill -9 $!`,
    );
    const { status, output } = await adopt();
    assert.equal(status, 1);
    assert.match(output, /currently locked[^]*: pulumi cancel adopted\n/);
    await workspace.succeed("cancel", name, "--yes");
  });

  it("is unchanged if the adoption is killed with half of it imported", async () => {
    // The import file is the fifth argument.
    const half =
      "const [, f] = process.argv, j = JSON.parse(fs.readFileSync(f)); j.resources.splice(2); fs.writeFileSync(f, JSON.stringify(j))";
    await adoptKilledAt("import -s", `node -e '${half}' "$5"; pulumi "$@" >/dev/null`);
    const state = await provider.state();
    assert.match(state, /::provider-wallet"/);
    assert.doesNotMatch(state, /::provider-release"/);
  });

  it("is then adopted without a restart, with its Secrets", async () => {
    const { status, output } = await adopt();
    assert.equal(status, 0, output);
    await provider.assertSamePod();
    await provider.assertSecretsStayed();
  });

  it("is previewed with the changes of the next up: no object is created or replaced", () => {
    const output = provider.outputs.at(-1) ?? "";
    assert.match(output, /restarts the pod once/);
    assert.match(output, /one\s+new certificate/);
    assert.match(output, /~ 3 to update\n\s+4 unchanged/);
    assert.doesNotMatch(output, /\(replace\)|\(create\)|\(delete\)/);
  });

  it("keeps its bid price script, in a file of the stack", () => {
    const file = provider.path(`stacks/${name}.price_script.sh`);
    assert.equal(readFileSync(file, "utf8"), script);
    assert.doesNotMatch(provider.outputs.at(-1) ?? "", /[-+~] (bidpricescript|domain|from) *:/);
  });

  it("has left no credential in Helm's history, or in plain text in the state", async () => {
    const history = await provider.cluster.helmHistory(name);
    assert.deepEqual(
      history.map(({ version }) => version),
      [1, 2, 3, 4],
    );
    await provider.assertHidden(credentials());
  });

  /** Parts of the credentials. */
  function credentials(): string[] {
    return [token.value, password.trim(), walletKey.split("\n")[5] ?? ""];
  }

  it("is not adopted a second time", async () => {
    const { status, output } = await adopt();
    assert.equal(status, 1);
    assert.match(output, /already has this provider\..*: pulumi preview -s adopted --diff\n$/);
  });

  it("cannot be destroyed before the first up, with a namespace that does not belong to the stack", async () => {
    const { status, output } = await workspace.pulumi("destroy", "-s", name, "--yes");
    assert.notEqual(status, 0);
    assert.match(output, /protected/);
    await provider.assertSamePod();
  });

  it("is rolled back if the first up does not become ready", async () => {
    const nowhere = ["--path", 'values.nodeSelector["example.test/disk"]', "none-has-it"];
    await workspace.succeed("config", "set", "-s", name, ...nowhere);
    await workspace.succeed("config", "set", "-s", name, "timeout", "15");
    const { status, output } = await workspace.pulumi("up", "-s", name, "--yes");
    provider.outputs.push(output);
    assert.notEqual(status, 0);
    assert.match(output, /has been rolled back/);
    await provider.podUid();
    await provider.assertSecretsStayed();
    const [last] = (await provider.cluster.helmHistory(name)).slice(-1);
    assert.equal(last?.info.description, "Rollback to 4");
    await workspace.succeed("config", "rm", "-s", name, "values");
    await workspace.succeed("config", "set", "-s", name, "timeout", "60");
  });

  it("obtains its certificate by dns-01 with its earlier credential, after up", async () => {
    provider.outputs.push((await workspace.up("--diff")).output);
    await provider.assertOtherPod();
    await provider.assertSecretsStayed();
    const { result, challenge } = await provider.issueAnew();
    assert.deepEqual([result, challenge], ["issued", "dns-01"]);
  });

  it("is then as if the stack had created it", async () => {
    for (const { metadata } of await provider.secrets()) {
      assert.equal(metadata?.labels?.["app.kubernetes.io/managed-by"], "pulumi");
      assert.doesNotMatch(JSON.stringify(metadata?.annotations ?? {}), /helm\.sh/);
    }
    await workspace.succeed("preview", "-s", name, "--expect-no-changes");
  });

  it("is in a namespace that has kept its labels, and has the label for Akash's operators", async () => {
    const { metadata } = await provider.cluster.core.readNamespace({ name });
    assert.equal(metadata?.labels?.["akash.network/name"], name);
    assert.equal(metadata?.labels?.["akash.network"], "true");
  });

  it("has its Secrets during the whole adoption", () => provider.assertSecretsNeverMissing());

  it("was never shown with a credential", () => provider.assertHidden(credentials()));

  it("leaves the namespace when it is destroyed", async () => {
    await workspace.destroy();
    assert.deepEqual(await provider.cluster.helmHistory(name), []);
    const { metadata } = await provider.cluster.core.readNamespace({ name });
    assert.equal(metadata?.name, name);
  });
});

/** The values that the provider was installed with. */
function values(apiToken: string): object {
  const base64 = (text: string) => Buffer.from(text).toString("base64");
  return {
    from: "akash1qypqxpq9qcrsszg2pvxq6rs0zqg3yyc5lzv7xu",
    key: base64(walletKey),
    keysecret: base64(password),
    domain: "example.test",
    email: "operator@example.test",
    bidpricescript: base64(script),
    price_target_cpu: 1.6,
    attributes: [
      { key: "region", value: "us-east" },
      { key: "capabilities/storage/1/class", value: "beta3" },
      { key: "capabilities/storage/1/persistent", value: true },
    ],
    letsEncrypt: {
      enabled: true,
      acme: { caDirUrl: "https://pebble.sandbox.internal/dir" },
      dns: { providers: ["cf"] },
      providers: { cloudflare: { enabled: true, apiToken } },
    },
  };
}
