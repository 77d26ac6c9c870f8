import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import type { V1Secret } from "@kubernetes/client-node";
import { SandboxClouds } from "../support/clouds.ts";
import { describeExhaustive } from "../support/exhaustive.ts";
import { Provider } from "../support/provider.ts";

const stacks = [
  {
    cloud: "google",
    dns: { provider: "googleCloud", project: "sandbox-project", proofTimeout: 20 },
    secret: "gcp-dns",
    withoutSecrets: false,
  },
  {
    cloud: "cloudflare",
    dns: { provider: "cloudflare", zone: "example.test", proofTimeout: 20 },
    secret: "cloudflare-dns",
    withoutSecrets: true,
  },
] as const;

for (const { cloud, dns, secret, withoutSecrets } of stacks) {
  const describeStack = withoutSecrets ? describe : describeExhaustive;
  describeStack(
    `a stack with a credential at ${cloud} that has lost its state${withoutSecrets ? ", and its settings' secrets" : ""}`,
    () => {
      let provider: Provider;
      let clouds: SandboxClouds;
      let old: string;
      let wallet: V1Secret["data"];

      /** Ids of the credentials that exist at the cloud. */
      async function live(): Promise<readonly string[]> {
        return cloud === "google"
          ? Object.values((await clouds.google()).keys).flat()
          : (await clouds.cloudflareTokens()).map(({ id }) => id);
      }

      async function idInUse(): Promise<string | undefined> {
        const [, found] = await provider.secrets();
        return found?.metadata?.annotations?.["akash-provider-letsencrypt/credential-id"];
      }

      before(async () => {
        provider = await Provider.deploy({
          name: `lost-${cloud}`,
          settings: { challenge: "dns-01", dns },
          secrets: ["keys", secret],
        });
        clouds = new SandboxClouds(provider.sandbox);
        await provider.remember();
        old = (await idInUse()) ?? "";
        wallet = (await provider.secrets())[0]?.data;
        assert.deepEqual(await live(), [old]);
        const { workspace, name } = provider;
        await workspace.succeed("stack", "rm", name, "--yes", "--force", "--preserve-config");
        if (withoutSecrets) {
          const settings = provider
            .stackFile()
            .replaceAll(/^.*(\n {4}secure:.*|encryptionsalt:.*)\n/gm, "");
          assert.doesNotMatch(settings, /wallet|encryptionsalt/);
          provider.writeStackFile(settings);
          await provider.shell(readmeCommands("pulumi stack init"));
        }
      });
      after(() => {
        provider.stopWatching();
      });

      it("is told what it takes to get it back, in a dry run", async () => {
        const { status, output } = await provider.runAdopt(["--dry-run"]);
        assert.equal(status, 0, output);
        assert.match(output, /goes back to the stack lost-\w+, whose settings stay as they are/);
        assert.match(output, /RandomId /);
      });

      it("gets the provider back as it is", async () => {
        const { status, output } = await provider.runAdopt([]);
        assert.equal(status, 0, output);
        assert.match(output, new RegExp(`pulumi up -s ${provider.name} && pulumi up`));
        await provider.assertSamePod();
        await provider.assertSecretsStayed();
      });

      it("makes a new credential with the next up, and lets the provider have it", async () => {
        await provider.workspace.up();
        await provider.assertOtherPod();
        const id = await idInUse();
        assert.notEqual(id, old);
        assert.deepEqual([...(await live())].sort(), [old, id].sort());
      });

      it("deletes the old credential with the one after", async () => {
        const { output } = await provider.workspace.up();
        assert.match(output, new RegExp(`Removed the credential ${old}`));
        assert.deepEqual(await live(), [await idInUse()]);
        await provider.workspace.succeed("preview", "-s", provider.name, "--expect-no-changes");
      });

      it("has had its Secrets all the time, the same ones, and the wallet as it was", async () => {
        assert.deepEqual((await provider.secrets())[0]?.data, wallet);
        await provider.assertSameSecrets();
        await provider.assertSecretsNeverMissing();
      });

      it("has a credential that works", async () => {
        const { result, challenge } = await provider.issueAnew();
        assert.deepEqual([result, challenge], ["issued", "dns-01"]);
      });

      it("leaves nothing at the cloud when it is destroyed", async () => {
        await provider.workspace.destroy();
        const { accounts, grants } = await clouds.google();
        assert.deepEqual([accounts, grants, await live()], [[], [], []]);
      });
    },
  );
}

describe("a stack with HTTP-01 that has lost its state", () => {
  it("gets the provider back, whose pod the next up alone restarts, as it is told", async () => {
    const provider = await Provider.deploy({ name: "lost-http", secrets: ["keys"] });
    const { workspace, name } = provider;
    await provider.remember();
    await workspace.succeed("stack", "rm", name, "--yes", "--force", "--preserve-config");

    const { status, output } = await provider.runAdopt([]);
    assert.equal(status, 0, output);
    assert.match(output, /restarts the pod once, since every upgrade of the release does\./);
    await provider.assertSamePod();
    // Imported, the release lacks the options of an upgrade, such as recreatePods, which makes an update of it.
    await workspace.up();
    await provider.assertOtherPod();
    await workspace.succeed("preview", "-s", name, "--expect-no-changes");
    await provider.assertSecretsStayed();
    await provider.assertSecretsNeverMissing();
    await workspace.destroy();
  });
});

/** The commands of docs/adopt.md in the block of this section that holds a text. */
function readmeCommands(text: string): string {
  const [, section = ""] = readFileSync("docs/adopt.md", "utf8").split("## Recover a lost state\n");
  const blocks = [...section.matchAll(/^```sh\n([^]*?)^```$/gm)].map(([, block = ""]) => block);
  return blocks.find((block) => block.includes(text)) ?? "exit 1";
}
