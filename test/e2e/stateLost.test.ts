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

      /** Ids of the credentials that exist at the DNS provider. */
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
          await provider.shell(documentedCommands("pulumi stack init"));
        }
      });
      after(() => {
        provider.stopWatching();
      });

      it("gets the steps of its recovery in a dry run", async () => {
        const { status, output } = await provider.runAdopt(["--dry-run"]);
        assert.equal(status, 0, output);
        assert.match(output, /returns to the stack lost-\w+, whose settings stay unchanged/);
        assert.match(output, /RandomId /);
      });

      it("recovers the provider without changes", async () => {
        const { status, output } = await provider.runAdopt([]);
        assert.equal(status, 0, output);
        assert.match(output, new RegExp(`pulumi up -s ${provider.name} && pulumi up`));
        await provider.assertSamePod();
        await provider.assertSecretsStayed();
      });

      it("creates a new credential with the next up, which the provider then uses", async () => {
        await provider.workspace.up();
        await provider.assertOtherPod();
        const id = await idInUse();
        assert.notEqual(id, old);
        assert.deepEqual([...(await live())].sort(), [old, id].sort());
      });

      it("deletes the old credential with the one after", async () => {
        const { output } = await provider.workspace.up();
        assert.match(output, new RegExp(`Deleted the orphan credential ${old}`));
        assert.deepEqual(await live(), [await idInUse()]);
        await provider.workspace.succeed("preview", "-s", provider.name, "--expect-no-changes");
      });

      it("has had the same Secrets the whole time, and the same wallet", async () => {
        assert.deepEqual((await provider.secrets())[0]?.data, wallet);
        await provider.assertSameSecrets();
        await provider.assertSecretsNeverMissing();
      });

      it("has a credential that works", async () => {
        const { result, challenge } = await provider.issueAnew();
        assert.deepEqual([result, challenge], ["issued", "dns-01"]);
      });

      it("leaves nothing at the DNS provider when it is destroyed", async () => {
        await provider.workspace.destroy();
        const { accounts, grants } = await clouds.google();
        assert.deepEqual([accounts, grants, await live()], [[], [], []]);
      });
    },
  );
}

describe("a stack with HTTP-01 that has lost its state", () => {
  it("recovers the provider, whose pod is restarted only by the next up, as announced", async () => {
    const provider = await Provider.deploy({ name: "lost-http", secrets: ["keys"] });
    const { workspace, name } = provider;
    await provider.remember();
    await workspace.succeed("stack", "rm", name, "--yes", "--force", "--preserve-config");

    const { status, output } = await provider.runAdopt([]);
    assert.equal(status, 0, output);
    assert.match(output, /restarts the pod once, since every upgrade of the release does\./);
    await provider.assertSamePod();
    // After an import, the release has no upgrade options, such as recreatePods, which results in an update.
    await workspace.up();
    await provider.assertOtherPod();
    await workspace.succeed("preview", "-s", name, "--expect-no-changes");
    await provider.assertSecretsStayed();
    await provider.assertSecretsNeverMissing();
    await workspace.destroy();
  });
});

/** The commands of docs/adopt.md in the block of the section on a lost state that contains a text. */
function documentedCommands(text: string): string {
  const [, section = ""] = readFileSync("docs/adopt.md", "utf8").split("## Recover a lost state\n");
  const blocks = [...section.matchAll(/^```sh\n([^]*?)^```$/gm)].map(([, block = ""]) => block);
  return blocks.find((block) => block.includes(text)) ?? "exit 1";
}
