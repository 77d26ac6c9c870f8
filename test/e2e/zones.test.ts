import assert from "node:assert/strict";
import type { Sandbox } from "../../sandbox/cluster/sandbox.ts";
import { issueCertificate } from "../../sandbox/cluster/issuer.ts";
import { silentReporter } from "../../sandbox/processes/progress.ts";
import { itExhaustive } from "../support/exhaustive.ts";
import { SandboxClouds } from "../support/clouds.ts";
import { Cluster } from "../support/kubernetesObjects.ts";
import { testSandbox } from "../support/sandbox.ts";
import { Workspace } from "../support/workspace.ts";

const googleCloud = { provider: "googleCloud", project: "sandbox-project", proofTimeout: 20 };
const cloudflare = { provider: "cloudflare", zone: "example.test", proofTimeout: 20 };

/** The ids of the emulators' zones. */
const zoneId = "e1".repeat(16);
const otherZoneId = "b1".repeat(16);

describe("the zone that the internet uses", () => {
  let sandbox: Sandbox;
  let clouds: SandboxClouds;
  let workspace: Workspace;

  before(async () => {
    sandbox = await testSandbox();
    clouds = new SandboxClouds(sandbox);
    workspace = await Workspace.create(sandbox, "zones", "zones", {});
  });

  function configure(dns: object, more: object = {}): void {
    workspace.configure({
      ...{ challenge: "dns-01", dns, namespace: "zones", releaseName: "zones-provider" },
      ...{ timeout: "60", ...more },
    });
  }

  /** `up` refuses the settings with this message and without a stack trace, and nothing was created. */
  async function assertRefused(dns: object, ...words: readonly RegExp[]): Promise<string> {
    configure(dns);
    const { status, output } = await workspace.pulumi("up", "--yes", "-s", "zones");
    assert.notEqual(status, 0, output);
    for (const word of words) {
      assert.match(output, word);
    }
    assert.doesNotMatch(output, /\n\s+at /, "with a stack trace");
    const { accounts, grants, txt } = await clouds.google();
    assert.deepEqual([accounts, grants, txt], [[], [], []]);
    assert.deepEqual(await clouds.cloudflareTokens(), []);
    assert.deepEqual(await clouds.cloudflareTxt(), []);
    const secrets = await new Cluster(sandbox).core.listSecretForAllNamespaces();
    assert.deepEqual(
      secrets.items.filter(({ metadata }) => metadata?.namespace === "zones"),
      [],
    );
    return output;
  }

  it("is not guessed among Google's zones of one name, and is found beyond the first page", async () => {
    await clouds.seed("google", {
      projects: [
        {
          projectId: "sandbox-project",
          zones: [{ name: "example-again", dnsName: "example.test." }],
        },
      ],
    });
    await clouds.set("google", { pageSize: 1 });
    const output = await assertRefused(
      googleCloud,
      /has 2 public managed zones for example\.test/,
      /example-test, served by ns-cloud-a1\.googledomains\.com/,
      /example-again, served by ns-cloud-a2\.googledomains\.com/,
    );
    const [, chosen] = /(config set -s zones --path dns\.zone example-test)/.exec(output) ?? [];
    assert(chosen !== undefined, output);
    await workspace.succeed(...chosen.split(" "));
    await workspace.succeed("preview", "-s", "zones");
    await clouds.set("google", { pageSize: 0 });
  });

  for (const change of [{ status: "pending" }, { status: "moved" }, { type: "partial" }]) {
    const state = Object.values(change).join("");
    it(`is not a zone that is ${state} at Cloudflare`, async () => {
      await clouds.seed("cloudflare", { zones: [{ id: zoneId, name: "example.test", ...change }] });
      await assertRefused(cloudflare, new RegExp(`zone example\\.test is ${state}`));
      await clouds.seed("cloudflare", {
        zones: [{ id: zoneId, name: "example.test", status: "active", type: "full" }],
      });
    });
  }

  for (const [name, dns] of [
    ["Google", { ...googleCloud, zone: "example-test" }],
    ["Cloudflare", cloudflare],
  ] as const) {
    it(`is not ${name}'s if its parent, or itself, delegates elsewhere`, async () => {
      for (const delegated of ["example.test", "provider.example.test"]) {
        await clouds.seed("google", {
          delegations: [{ name: delegated, nameServers: ["ns1.registrar.test"] }],
        });
        await assertRefused(dns, /ns1\.registrar\.test/, /dig example\.test NS \+trace/);
        await clouds.seed("google", { delegations: [{ name: delegated }] });
      }
    });
  }

  itExhaustive("is also compared by the proof if the token is provided", async () => {
    const { value } = await clouds.cloudflareToken("brought");
    await clouds.seed("google", {
      delegations: [{ name: "example.test", nameServers: ["ns1.registrar.test"] }],
    });
    configure({ ...cloudflare });
    await workspace.succeed(
      "config",
      "set",
      "-s",
      "zones",
      "--path",
      "--secret",
      "dns.apiToken",
      value,
    );
    const { status, output } = await workspace.pulumi("up", "--yes", "-s", "zones");
    assert.notEqual(status, 0);
    assert.match(output, /DNS delegates example\.test to ns1\.registrar\.test/);
    assert.doesNotMatch(output, /\n\s+at /, "with a stack trace");
    assert.deepEqual(await clouds.cloudflareTxt(), []);
    await clouds.seed("google", { delegations: [{ name: "example.test" }] });
    await workspace.destroy();
    for (const { id } of await clouds.cloudflareTokens()) {
      await clouds.revoke("cloudflare", id);
    }
  });

  it("is chosen by its id among several accounts, which are listed", async () => {
    await clouds.seed("cloudflare", {
      accounts: [{ name: "Other", id: "0b".repeat(16) }],
      zones: [{ id: otherZoneId, name: "example.test", account: "Other" }],
    });
    const output = await assertRefused(
      cloudflare,
      /has 2 zones example\.test/,
      /account Sandbox \((5a){16}\)/,
      new RegExp(`account Other .*\\n.*config set -s zones --path dns\\.zoneId ${otherZoneId}`),
    );
    const [command] = new RegExp(`pulumi config set .* dns\\.zoneId ${zoneId}`).exec(output) ?? [];
    assert(command !== undefined, output);
    assert.equal((await workspace.shell(command)).status, 0);
    await workspace.up();
    const [token, ...others] = await clouds.cloudflareTokens();
    assert.deepEqual(others, [], "the token is the user's, as without dns.zoneId");
    assert.deepEqual(
      token?.policies.flatMap(({ resources }) => Object.keys(resources)),
      [`com.cloudflare.api.account.zone.${zoneId}`],
    );
  });

  it("stops a rotation before a token is created if DNS has been delegated elsewhere since", async () => {
    const [before] = await clouds.cloudflareTokens();
    await clouds.seed("google", {
      delegations: [{ name: "example.test", nameServers: ["ns1.registrar.test"] }],
    });
    const { status, output } = await workspace.pulumi(
      ...["up", "--yes", "-s", "zones", "--replace", "**::dns-token"],
    );
    assert.notEqual(status, 0);
    assert.match(output, /DNS delegates example\.test to ns1\.registrar\.test/);
    assert.deepEqual(
      (await clouds.cloudflareTokens()).map(({ id }) => id),
      [before?.id],
    );
    await clouds.seed("google", { delegations: [{ name: "example.test" }] });
    await workspace.destroy();
    assert.deepEqual(await clouds.cloudflareTokens(), []);
  });

  itExhaustive(
    "may have other letters than ASCII, and its provider obtains a certificate",
    async () => {
      await clouds.seed("cloudflare", {
        zones: [{ id: "bc".repeat(16), name: "bücher.test", account: "Sandbox" }],
      });
      configure({ ...cloudflare, zone: "bücher.test" }, { domain: "bücher.test" });
      await workspace.up();
      assert.equal((await workspace.outputs()).host, "provider.bücher.test");
      const report = await issueCertificate(
        sandbox,
        { namespace: "zones", statefulSet: "zones-provider" },
        silentReporter,
      );
      assert.equal(report.result, "issued");
      await workspace.destroy();
    },
  );
});
