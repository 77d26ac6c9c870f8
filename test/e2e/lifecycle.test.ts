import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { letsEncryptDirectory } from "../../config/environment.ts";
import type { Sandbox } from "../../sandbox/cluster/sandbox.ts";
import { pulumiStateDirectory } from "../../sandbox/pulumi/environment.ts";
import { Cluster, isReady } from "../support/kubernetesObjects.ts";
import { testSandbox } from "../support/sandbox.ts";
import { walletKey } from "../support/settings.ts";
import { Workspace } from "../support/workspace.ts";

const namespace = "akash-services";
const release = "akash-provider";
const pod = "akash-provider-0";

/** The changed password of the wallet. */
const newPassword = "another-password";

/**
 * Parts of the wallet keys and passwords, of the local stack (stacks/Pulumi.local.yaml) and later; as text and
 * encoded.
 */
const walletParts = [
  "Llfcz4uNbHBRHZJlk6ugBuYFd4MTLHv48IslNpJLmZY3h2Skt4KYtQjR2kiRsN4r",
  "sandbox-password",
  walletKey.split("\n")[5] ?? "",
  newPassword,
];
const sentinels = walletParts.flatMap((text) => [
  text,
  Buffer.from(text).toString("base64").slice(0, -4),
]);

/** One stack through its life; each test continues where the previous one ended. */
describe("a stack's life", () => {
  let sandbox: Sandbox;
  let cluster: Cluster;
  let workspace: Workspace;
  const outputs: string[] = [];

  async function up(...args: string[]): Promise<string> {
    const { output } = await workspace.succeed("up", "-s", "life", "--yes", "--diff", ...args);
    outputs.push(output);
    return output;
  }

  async function uid(): Promise<string | undefined> {
    const found = await cluster.pod(namespace, pod);
    assert(isReady(found), `${pod} is not ready`);
    return found?.metadata?.uid;
  }

  async function walletEntry(key: string): Promise<string> {
    const { data } = await cluster.core.readNamespacedSecret({
      namespace,
      name: "akash-provider-keys",
    });
    return Buffer.from(data?.[key] ?? "", "base64").toString();
  }

  before(async () => {
    sandbox = await testSandbox();
    cluster = new Cluster(sandbox);
    workspace = await Workspace.create(sandbox, "life", "life", {
      acmeDirectory: "staging",
      timeout: "60",
    });
  });

  it("begins with up on an empty cluster, which ends with a ready pod", async () => {
    await up();
    await uid();
  });

  it("has the outputs that an operator needs next", async () => {
    const { commands, ...rest } = await workspace.outputs();
    assert.deepEqual(rest, {
      host: "provider.example.test",
      challenge: "http-01",
      directoryUrl: letsEncryptDirectory.staging,
      namespace,
      revision: 1,
    });
    assert.deepEqual(Object.keys(commands as object).sort(), [
      "certificate",
      "history",
      "log",
      "pod",
      "settings",
    ]);
  });

  it("has labelled the namespace for Akash's operators", async () => {
    const { metadata } = await cluster.core.readNamespace({ name: namespace });
    assert.equal(metadata?.labels?.["akash.network"], "true");
  });

  it("has given the pod the wallet as it was exported", async () => {
    assert.match(await walletEntry("key.txt"), /^-----BEGIN TENDERMINT PRIVATE KEY-----\n/);
    assert.equal(await walletEntry("key-pass.txt"), "sandbox-password");
  });

  it("changes nothing when nothing changed", async () => {
    await workspace.succeed("preview", "-s", "life", "--expect-no-changes");
    await workspace.succeed("up", "-s", "life", "--yes", "--expect-no-changes");
  });

  it("changes nothing from another folder", async () => {
    await workspace.copy("elsewhere").succeed("preview", "-s", "life", "--expect-no-changes");
  });

  it("has no path of this machine in its state", () => {
    const state = readFileSync(
      join(
        pulumiStateDirectory(sandbox.directory),
        ".pulumi/stacks/akash-provider-letsencrypt/life.json",
      ),
      "utf8",
    );
    assert.doesNotMatch(state, new RegExp(`.{0,60}${sandbox.directory}.{0,60}`));
  });

  it("restarts the pod when a setting in its ConfigMaps changes", async () => {
    const before = await uid();
    workspace.configure({ acmeDirectory: "staging", timeout: "60", email: "new@example.test" });
    await up();
    assert.notEqual(await uid(), before);
    const settings = await cluster.configMapData(namespace, "akash-provider-letsencrypt");
    assert.equal(settings.AP_CERT_ISSUER_EMAIL, "new@example.test");
  });

  it("rolls back a rollout that does not become ready, and continues with the next up", async () => {
    const settings = { acmeDirectory: "staging", email: "new@example.test" };
    workspace.configure({
      ...settings,
      timeout: "20",
      values: { nodeSelector: { "example.test/disk": "none-has-it" } },
    });
    const { status, output } = await workspace.pulumi("up", "-s", "life", "--yes");
    outputs.push(output);
    assert.notEqual(status, 0);
    assert.match(output, /akash-provider/);
    const { spec } = (await cluster.pod(namespace, pod)) ?? {};
    assert.deepEqual(spec?.nodeSelector, undefined, "the pod is still the failing one");
    await uid();

    workspace.configure({ ...settings, timeout: "60", website: "https://new.example.test" });
    await up();
    await uid();
    await workspace.succeed("preview", "-s", "life", "--expect-no-changes");
  });

  it("changes the certificates' directory and restarts the pod with the switch to production", async () => {
    const before = await uid();
    const directory = async () =>
      (await cluster.configMapData(namespace, "akash-provider-letsencrypt"))
        .AP_CERT_ISSUER_STORAGE_DIR;
    const staging = await directory();
    workspace.configure({ acmeDirectory: "production", email: "new@example.test" });
    await up();
    assert.notEqual(await uid(), before);
    assert.notEqual(await directory(), staging);
    assert.match((await directory()) ?? "", /^\/root\/\.akash\/\.certissuer\/acme-v02\./);
  });

  it("restarts the pod with the new wallet when its password or its key changes", async () => {
    for (const [setting, value, key] of [
      ["walletPassword", newPassword, "key-pass.txt"],
      ["walletKey", walletKey, "key.txt"],
    ] as const) {
      const before = await uid();
      await workspace.succeed("config", "set", "-s", "life", "--secret", setting, "--", value);
      await up("--logtostderr", "-v=9");
      assert.notEqual(await uid(), before, setting);
      assert.equal(await walletEntry(key), value);
    }
  });

  it("changes nothing when the configuration is wrong", async () => {
    const history = await cluster.helmHistory(namespace);
    workspace.configure({ acmeDirectory: "", email: "nobody", price_target_cpu: "1" });
    for (const command of [["preview"], ["up", "--yes"]]) {
      const { status, output } = await workspace.pulumi(...command, "-s", "life");
      assert.notEqual(status, 0);
      assert.match(output, /stack life has 3 problems\. Nothing was changed\./);
      assert.match(output, /pulumi config set -s life email you@example\.com/);
      assert.doesNotMatch(output, /\n\s+at .*\.ts:/, "a stack trace");
    }
    const after = await cluster.helmHistory(namespace);
    assert.deepEqual(
      after.map(({ version }) => version),
      history.map(({ version }) => version),
    );
    workspace.configure({ acmeDirectory: "production", email: "new@example.test" });
  });

  it("keeps a bounded history", async () => {
    const history = await cluster.helmHistory(namespace);
    assert(history.length <= 5, `${history.length} revisions`);
    assert.equal(history.at(-1)?.info.status, "deployed");
  });

  it("has never shown the wallet", async () => {
    const texts = {
      ...Object.fromEntries(
        (await cluster.helmHistory(namespace)).map(({ version, text }) => [
          `Helm ${version}`,
          text,
        ]),
      ),
      ...Object.fromEntries(outputs.map((output, index) => [`output ${index}`, output])),
      ...stateFiles(pulumiStateDirectory(sandbox.directory)),
    };
    for (const [where, text] of Object.entries(texts)) {
      for (const sentinel of sentinels) {
        assert(!text.includes(sentinel), `${where} shows the wallet`);
      }
    }
  });

  it("keeps the namespace and the objects of others when it is destroyed", async () => {
    await cluster.core.createNamespacedConfigMap({
      namespace,
      body: { metadata: { name: "of-another" }, data: { kept: "yes" } },
    });
    await workspace.succeed("destroy", "-s", "life", "--yes");
    assert.deepEqual(await cluster.configMapData(namespace, "of-another"), { kept: "yes" });
    assert.equal(await cluster.get("apps/v1", "StatefulSet", release, namespace), undefined);
    assert.equal(await cluster.get("v1", "Secret", "akash-provider-keys", namespace), undefined);
    assert.deepEqual(await cluster.helmHistory(namespace), []);
  });

  it("can begin again in the existing namespace", async () => {
    workspace.configure({ acmeDirectory: "staging", timeout: "60" });
    await up();
    await uid();
    assert.deepEqual(await cluster.configMapData(namespace, "of-another"), { kept: "yes" });
    await workspace.destroy();
  });
});

function stateFiles(directory: string): Record<string, string> {
  return Object.fromEntries(
    readdirSync(directory, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name))
      .map((file) => [file, readFileSync(file, "utf8")]),
  );
}
