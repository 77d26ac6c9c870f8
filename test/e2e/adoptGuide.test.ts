import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { parse } from "yaml";
import { describeExhaustive } from "../support/exhaustive.ts";
import { SandboxClouds } from "../support/clouds.ts";
import { Provider } from "../support/provider.ts";
import { testSandbox } from "../support/sandbox.ts";
import { walletKey } from "../support/settings.ts";

/** The complete example in Akash's guide, with the sandbox's domain and CA. */
const example = {
  ...(parse(readFileSync("test/unit/adopt/file/fixtures/guide.yaml", "utf8")) as object),
  domain: "example.test",
  letsEncrypt: { enabled: true, acme: { caDirUrl: "https://pebble.sandbox.internal/dir" } },
};
const wallet = ["SENTINEL-wallet-password", walletKey.split("\n")[5] ?? ""];

/** Each test continues where the previous one ended. */
describe("the guide's complete example, installed with Helm", () => {
  const name = "guide";
  let provider: Provider;

  before(async () => {
    provider = await Provider.install({ name, values: example, secrets: ["keys"] });
    await provider.workspace.succeed("stack", "rm", name, "--yes", "--preserve-config");
    await provider.remember();
  });
  after(() => {
    provider.stopWatching();
  });

  it("has no e-mail address, which the printed commands add", async () => {
    const { status, output } = await provider.adopt();
    assert.equal(status, 1);
    assert.match(output, /has a problem\. Nothing was changed\.\n/);
    const commands = [...output.matchAll(/^ {6}pulumi (.*)$/gm)].map(([, args = ""]) => args);
    assert.deepEqual(commands, ["stack init guide", "config set -s guide email you@example.com"]);
    for (const command of commands) {
      await provider.workspace.succeed(...command.split(" "));
    }
  });

  it("is then adopted as it runs, except for values without effect", async () => {
    const { status, output } = await provider.adopt();
    assert.equal(status, 0, output);
    assert.match(output, /Left out:\n {2}price_target_gpu_mappings {2}Without bidpricescript/);
    assert.doesNotMatch(output, /Differences between the file and the release/);
    await provider.assertSamePod();
    await provider.assertSecretsStayed();
    await provider.assertHidden(wallet);
  });

  it("obtains its certificate by http-01 after up, and has its Secret during the whole adoption", async () => {
    await provider.workspace.up();
    await provider.assertOtherPod();
    await provider.assertSecretsStayed();
    await provider.assertSecretsNeverMissing();
    const { result, challenge } = await provider.issueAnew();
    assert.deepEqual([result, challenge], ["issued", "http-01"]);
    await provider.workspace.succeed("preview", "-s", name, "--expect-no-changes");
  });

  it("is destroyed", () => provider.workspace.destroy());
});

describeExhaustive("the guide's example with a Google Cloud key, installed with Helm", () => {
  const name = "guide-google";
  let provider: Provider;
  let clouds: SandboxClouds;
  /** The key file as in the values. */
  let key: string;

  before(async () => {
    clouds = new SandboxClouds(await testSandbox());
    key = await clouds.googleKey("brought", [{ zone: "example-test", role: "roles/dns.admin" }]);
    const { letsEncrypt, ...others } = example;
    provider = await Provider.install({
      name,
      values: {
        ...others,
        email: "operator@example.test",
        letsEncrypt: {
          ...letsEncrypt,
          dns: { providers: ["gcloud"] },
          providers: { googleCloud: { enabled: true, serviceAccount: { content: key } } },
        },
      },
      secrets: ["keys", "gcp-dns"],
    });
    await provider.remember();
  });
  after(() => {
    provider.stopWatching();
  });

  /** Lines of the private key, and the wallet. */
  function credentials(): string[] {
    const { private_key } = JSON.parse(key) as { readonly private_key: string };
    return [...private_key.split("\n").slice(1, 4), ...wallet];
  }

  function keyId(keyFile: string): string {
    return (JSON.parse(keyFile) as { readonly private_key_id: string }).private_key_id;
  }

  it("is adopted with its key, which is no longer readable anywhere", async () => {
    const [revision] = await provider.cluster.helmHistory(name);
    assert(revision?.text.includes(credentials()[0] ?? "-"), "the key was not in Helm's history");
    const { status, output } = await provider.adopt("--zone", "example-test");
    assert.equal(status, 0, output);
    await provider.assertSamePod();
    await provider.assertSecretsStayed();
    await provider.assertHidden(credentials());
  });

  it("obtains its certificate by dns-01 with that key after up", async () => {
    provider.outputs.push((await provider.workspace.up("--diff")).output);
    await provider.assertOtherPod();
    await provider.assertSecretsStayed();
    const { result, challenge, credential } = await provider.issueAnew();
    assert.deepEqual(
      [result, challenge, credential?.privateKeyId],
      ["issued", "dns-01", keyId(key)],
    );
    await provider.assertHidden(credentials());
  });

  it("lets the program create a key instead, by the printed command, and deletes only keys that it created", async () => {
    const named = provider.outputs.join("");
    const [, command = ""] =
      /^ {2}pulumi (config rm .*) && pulumi up -s guide-google$/m.exec(named) ?? [];
    assert.match(
      named,
      new RegExp(
        `^ {2}gcloud iam service-accounts keys delete ${keyId(key)} --iam-account=brought@`,
        "m",
      ),
    );
    await provider.workspace.succeed(...command.split(" "));
    provider.outputs.push((await provider.workspace.up("--diff")).output);
    const { credential } = await provider.issueAnew();
    const keys = Object.values((await clouds.google()).keys).flat();
    assert.deepEqual(keys.sort(), [keyId(key), credential?.privateKeyId].sort());
    assert.notEqual(credential?.privateKeyId, keyId(key));
  });

  it("rotates that key like every other, and has its Secrets during the whole adoption", async () => {
    const { workspace } = provider;
    const { credential: before } = await provider.issueAnew();
    await workspace.up("--replace", "**::dns-key");
    const { credential } = await provider.issueAnew();
    assert.notEqual(credential?.privateKeyId, before?.privateKeyId);
    await provider.assertSameSecrets();
    await provider.assertSecretsNeverMissing();
    await provider.assertHidden(credentials());
  });

  it("is destroyed except for its original key", async () => {
    await provider.workspace.destroy();
    assert.deepEqual(Object.values((await clouds.google()).keys).flat(), [keyId(key)]);
  });
});
