import assert from "node:assert/strict";
import { globSync, truncateSync } from "node:fs";
import { join, resolve } from "node:path";
import type { Sandbox } from "../../sandbox/cluster/sandbox.ts";
import { pulumiStateDirectory } from "../../sandbox/pulumi/environment.ts";
import { SandboxClouds } from "../support/clouds.ts";
import { itExhaustive } from "../support/exhaustive.ts";
import { Cluster, isReady } from "../support/kubernetesObjects.ts";
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

  const dnsStacks = [
    {
      cloud: "google",
      settings: {
        challenge: "dns-01",
        dns: { provider: "googleCloud", project: "sandbox-project", proofTimeout: 20 },
      },
      /** The moments to kill: a call that took effect, and the check that it did. */
      killPoints: [
        ["^POST .*/serviceAccounts$", async () => (await clouds.google()).accounts.length > 0],
        ["^POST .*:setIamPolicy", async () => (await clouds.google()).grants.length > 0],
        ["^POST .*/keys$", async () => (await googleKeys()).length > 0],
        ["^POST .*/changes$", async () => (await clouds.google()).txt.length > 0],
      ],
      calls: [
        "^POST .*/serviceAccounts$",
        "^POST .*:setIamPolicy",
        "^POST .*/keys$",
        "^GET .*/managedZones/example-test$",
        "^POST .*/changes$",
      ],
    },
    {
      cloud: "cloudflare",
      settings: {
        challenge: "dns-01",
        dns: { provider: "cloudflare", zone: "example.test", proofTimeout: 20 },
      },
      killPoints: [
        ["^POST .*/user/tokens$", async () => (await clouds.cloudflareTokens()).length > 0],
        ["^POST .*/dns_records$", async () => (await clouds.cloudflareTxt()).length > 0],
      ],
      calls: ["^POST .*/user/tokens$", "^GET .*/zones$", "^POST .*/dns_records$"],
    },
  ] as const;

  async function googleKeys(): Promise<readonly string[]> {
    return Object.values((await clouds.google()).keys).flat();
  }

  /** There is only the credential in Pulumi's state, and no record. */
  async function assertOneCredential(cloud: "google" | "cloudflare"): Promise<void> {
    const { accounts, txt } = await clouds.google();
    const credentials = [await googleKeys(), await clouds.cloudflareTokens()];
    const counts = [accounts, ...credentials].map(({ length }) => length);
    assert.deepEqual(counts, cloud === "google" ? [1, 1, 0] : [0, 0, 1], "something is left over");
    assert.deepEqual([...txt, ...(await clouds.cloudflareTxt())], []);
  }

  async function assertNothingLeft(): Promise<void> {
    const { accounts, grants, txt } = await clouds.google();
    assert.deepEqual([accounts, grants, txt], [[], [], []]);
    assert.deepEqual(await clouds.cloudflareTokens(), []);
    assert.deepEqual(await clouds.cloudflareTxt(), []);
  }

  for (const { cloud, settings, killPoints, calls } of dnsStacks) {
    const itKilled = cloud === "google" ? it : itExhaustive;
    itKilled(
      `killed at every step at ${cloud} is finished by the next up, and leaves nothing behind`,
      async () => {
        const name = `killed-${cloud}`;
        const workspace = await stack(name, settings);
        for (const [match, taken] of killPoints) {
          await clouds.inject(cloud, { match, delayMs: forever, when: "after" });
          await workspace.upKilledWhen(taken);
          await clouds.clearFaults();
        }
        await workspace.up();
        await assertReady(name);
        await assertOneCredential(cloud);
        await workspace.succeed("preview", "-s", name, "--expect-no-changes");
        await workspace.destroy();
        await assertNothingLeft();
      },
    );

    itExhaustive(
      `refused by ${cloud} at every step is finished by a later up, and leaves nothing behind`,
      async () => {
        const name = `refused-${cloud}`;
        const workspace = await stack(name, settings);
        const faults = calls.flatMap((match) =>
          ([403, 409, 429, 500] as const).map((status) => ({
            match,
            status,
            // A conflict with an existing object is never reported for a missing one.
            when: status === 409 ? ("after" as const) : ("before" as const),
          })),
        );
        for (const fault of faults) {
          await clouds.inject(cloud, fault);
        }
        let failures = 0;
        for (;;) {
          const { status, output } = await workspace.pulumi(
            ...["up", "-s", name, "--yes", "--skip-preview"],
          );
          if (status === 0) {
            break;
          }
          failures += 1;
          assert(failures <= faults.length, `still failing:\n${output}`);
          assert.doesNotMatch(output, /\n\s+at .*\.[jt]s:/, "a stack trace");
        }
        assert(failures > 0, "no fault was seen");
        await assertReady(name);
        await assertOneCredential(cloud);
        await workspace.destroy();
        await assertNothingLeft();
      },
    );
  }

  describe("of Helm", () => {
    const name = "killed-helm";
    const settings = { namespace: name, releaseName: `${name}-provider`, timeout: "30" };
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
      assert.match(output, /is pending-install: another run is in progress, or was interrupted/);
      await assertReady(name);
    });

    it("at an upgrade is finished by the next up", async () => {
      workspace.configure({ ...settings, ...nowhere });
      await workspace.upKilledWhen(async () => (await status()) === "pending-upgrade");
      workspace.configure({ ...settings, website: "https://new.example.test" });
      const { output } = await workspace.up();
      assert.match(output, /is pending-upgrade: another run is in progress, or was interrupted/);
      await assertReady(name);
      assert.equal(await status(), "deployed");
      await workspace.succeed("preview", "-s", name, "--expect-no-changes");
    });

    for (const [file, ending] of [
      ["the state", ".json"],
      ["the attributes of the state", ".json.attrs"],
    ] as const) {
      it(`that was killed during the write of ${file} is repaired by the doctor's command, and the next up continues`, async () => {
        const stacks = join(pulumiStateDirectory(sandbox.directory), ".pulumi/stacks");
        const [path, ...others] = globSync(join(stacks, "*", `${name}${ending}`));
        assert(path !== undefined && others.length === 0);
        // As Go creates a file, before its content is written.
        truncateSync(path);
        const failed = await workspace.pulumi("up", "-s", name, "--yes");
        assert.match(failed.output, /failed to load checkpoint/);
        const main = resolve("doctor/main.ts");
        const doctor = await workspace.shell(`${process.execPath} ${main} -s ${name}`);
        const [command] = /(?<=one step older: )find .*/.exec(doctor.output) ?? [];
        const repaired = await workspace.shell(command ?? assert.fail(doctor.output));
        assert.equal(repaired.output, "");
        await workspace.up();
        await workspace.succeed("preview", "-s", name, "--expect-no-changes");
        await assertReady(name);
      });
    }

    it("that was abandoned is finished by the next up, which removes the mark", async () => {
      const mark = await cluster.markPending(name);
      workspace.configure({ ...settings, website: "https://newest.example.test", timeout: "15" });
      const { output } = await workspace.up();
      assert.match(output, new RegExp(`kubectl -n ${name} delete secret ${mark}`));
      assert.match(
        output,
        /interrupted run left revision \d+ of the release \S+ in the status pending-upgrade\. Deleted this revision's Secret/,
      );
      await assertReady(name);
      await workspace.destroy();
    });
  });
});
