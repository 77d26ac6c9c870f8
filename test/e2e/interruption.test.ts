import assert from "node:assert/strict";
import type { Sandbox } from "../../sandbox/cluster.ts";
import { SandboxClouds, type Fault } from "../support/clouds.ts";
import { Cluster, isReady } from "../support/cluster.ts";
import { testSandbox } from "../support/sandbox.ts";
import { Workspace, type StackSettings } from "../support/workspace.ts";

/** Longer than a test waits for the moment to kill. */
const forever = 120_000;

describe("an interrupted run", () => {
  let sandbox: Sandbox;
  let cluster: Cluster;
  let clouds: SandboxClouds;

  before(async () => {
    sandbox = await testSandbox();
    cluster = new Cluster(sandbox);
    clouds = new SandboxClouds(sandbox);
  });
  afterEach(() => clouds.clearFaults());

  async function stack(name: string, settings: StackSettings): Promise<Workspace> {
    return Workspace.create(sandbox, name, name, {
      namespace: name,
      releaseName: `${name}-provider`,
      timeout: "60",
      ...settings,
    });
  }

  async function assertReady(name: string): Promise<void> {
    assert(isReady(await cluster.pod(name, `${name}-provider-0`)), "the pod is not ready");
  }

  const googleCloud = {
    challenge: "dns-01",
    dns: { provider: "googleCloud", project: "sandbox-project", proofTimeout: 20 },
  };
  const cloudflare = {
    challenge: "dns-01",
    dns: { provider: "cloudflare", zone: "example.test", proofTimeout: 20 },
  };

  const killPoints: readonly {
    readonly at: string;
    readonly settings: StackSettings;
    readonly cloud: "google" | "cloudflare";
    readonly match: string;
    readonly taken: () => Promise<boolean>;
  }[] = [
    {
      at: "the service account",
      settings: googleCloud,
      cloud: "google",
      match: "^POST .*/serviceAccounts$",
      taken: async () => (await clouds.google()).accounts.length > 0,
    },
    {
      at: "the grant",
      settings: googleCloud,
      cloud: "google",
      match: "^POST .*:setIamPolicy",
      taken: async () => (await clouds.google()).grants.length > 0,
    },
    {
      at: "the key",
      settings: googleCloud,
      cloud: "google",
      match: "^POST .*/keys$",
      taken: async () => Object.values((await clouds.google()).keys).flat().length > 0,
    },
    {
      at: "the proof at Google",
      settings: googleCloud,
      cloud: "google",
      match: "^POST .*/changes$",
      taken: async () => (await clouds.google()).txt.length > 0,
    },
    {
      at: "the token",
      settings: cloudflare,
      cloud: "cloudflare",
      match: "^POST .*/user/tokens$",
      taken: async () => (await clouds.cloudflareTokens()).length > 0,
    },
    {
      at: "the proof at Cloudflare",
      settings: cloudflare,
      cloud: "cloudflare",
      match: "^POST .*/dns_records$",
      taken: async () => (await clouds.cloudflareTxt()).length > 0,
    },
  ];

  killPoints.forEach(({ at, settings, cloud, match, taken }, index) => {
    it(`at ${at} is finished by the next up, and leaves nothing behind`, async () => {
      const name = `killed-${index}`;
      const workspace = await stack(name, settings);
      await clouds.inject(cloud, { match, delayMs: forever, when: "after" });
      await workspace.upKilledWhen(taken);
      await clouds.clearFaults();

      await workspace.up();
      await assertReady(name);
      const { accounts, keys, txt } = await clouds.google();
      const credentials = [...Object.values(keys).flat(), ...(await clouds.cloudflareTokens())];
      assert.equal(credentials.length, 1, "a credential that nobody knows is left");
      assert.equal(accounts.length, cloud === "google" ? 1 : 0);
      assert.deepEqual([...txt, ...(await clouds.cloudflareTxt())], []);
      await workspace.succeed("preview", "-s", name, "--expect-no-changes");

      await workspace.succeed("destroy", "-s", name, "--yes");
      const after = await clouds.google();
      assert.deepEqual([after.accounts, after.grants], [[], []]);
      assert.deepEqual(await clouds.cloudflareTokens(), []);
    });
  });

  describe("of Helm", () => {
    const name = "killed-helm";
    const settings = { namespace: name, releaseName: `${name}-provider`, timeout: "15" };
    const nowhere = { values: { nodeSelector: { "example.test/disk": "none-has-it" } } };
    let workspace: Workspace;

    const status = async () =>
      (await cluster.helmHistory(name)).map(({ info }) => info.status).at(-1);

    before(async () => {
      workspace = await stack(name, { ...settings, ...nowhere });
    });

    it("at the first install is finished by the next up", async () => {
      await workspace.upKilledWhen(async () => (await status()) === "pending-install");
      workspace.configure(settings);
      const { output } = await workspace.up();
      assert.match(output, /is pending-install: another run is at work, or was interrupted/);
      await assertReady(name);
    });

    it("at an upgrade is finished by the next up", async () => {
      workspace.configure({ ...settings, ...nowhere });
      await workspace.upKilledWhen(async () => (await status()) === "pending-upgrade");
      workspace.configure({ ...settings, website: "https://new.example.test" });
      const { output } = await workspace.up();
      assert.match(output, /is pending-upgrade: another run is at work, or was interrupted/);
      await assertReady(name);
      assert.equal(await status(), "deployed");
      await workspace.succeed("preview", "-s", name, "--expect-no-changes");
    });

    it("that nobody finishes is finished by the next up, which removes the mark", async () => {
      const mark = await cluster.markPending(name);
      workspace.configure({ ...settings, website: "https://newest.example.test" });
      const { output } = await workspace.up();
      assert.match(output, new RegExp(`kubectl -n ${name} delete secret ${mark}`));
      assert.match(output, /was left pending-upgrade by an interrupted run; removed its mark/);
      await assertReady(name);
      await workspace.succeed("destroy", "-s", name, "--yes");
    });
  });

  describe("by a cloud's answer", () => {
    const faults: readonly (readonly [string, StackSettings, "google" | "cloudflare", Fault])[] = [
      ...[403, 409, 500].flatMap((status) =>
        [
          "^POST .*/serviceAccounts$",
          "^POST .*:setIamPolicy",
          "^POST .*/keys$",
          "^GET .*/managedZones/example-test$",
        ].map(
          (match) => [`${status} to ${match}`, googleCloud, "google", { match, status }] as const,
        ),
      ),
      ...[403, 429, 500].flatMap((status) =>
        ["^POST .*/user/tokens$", "^GET .*/zones$", "^POST .*/dns_records$"].map(
          (match) =>
            [`${status} to ${match}`, cloudflare, "cloudflare", { match, status }] as const,
        ),
      ),
    ];
    faults.forEach(([what, settings, cloud, fault], index) => {
      it(`${what} is got over, at the latest by the next up`, async () => {
        const name = `fault-${index}`;
        const workspace = await stack(name, settings);
        await clouds.inject(cloud, { ...fault, times: 3 });
        const { status } = await workspace.pulumi("up", "-s", name, "--yes");
        await clouds.clearFaults();
        if (status !== 0) {
          await workspace.up();
        }
        await assertReady(name);
        const { accounts, keys } = await clouds.google();
        const credentials = [...Object.values(keys).flat(), ...(await clouds.cloudflareTokens())];
        assert.deepEqual([accounts.length, credentials.length], [cloud === "google" ? 1 : 0, 1]);
        await workspace.succeed("destroy", "-s", name, "--yes");
      });
    });
  });
});
