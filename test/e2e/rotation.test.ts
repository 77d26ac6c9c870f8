import assert from "node:assert/strict";
import { readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { proveCloudflareToken } from "../../dns/cloudflareProof.ts";
import { proveGoogleCloudKey } from "../../dns/googleCloudProof.ts";
import type { Sandbox } from "../../sandbox/cluster.ts";
import { homeVolumes, issueCertificate, type CertificateReport } from "../../sandbox/issuer.ts";
import { silentReporter } from "../../sandbox/progress.ts";
import { SandboxClouds } from "../support/clouds.ts";
import { Cluster, isReady } from "../support/cluster.ts";
import { testSandbox } from "../support/sandbox.ts";
import { Workspace, type StackSettings } from "../support/workspace.ts";

const target = { domain: "example.test", host: "provider.example.test", timeout: 0 };

const rotations = [
  {
    cloud: "google",
    dns: { provider: "googleCloud", project: "sandbox-project", proofTimeout: 3 },
    resource: "dns-key",
    secret: ["gcp-dns", "service-account.json"],
    make: "^POST .*/keys$",
    prove: "^POST .*/changes$",
    works: (content: string, { clouds }: Sandbox) =>
      proveGoogleCloudKey(content, {
        ...target,
        project: "sandbox-project",
        zone: "example-test",
        endpoint: `${clouds.googleUrl}/dns/v1beta2/`,
      }),
  },
  {
    cloud: "cloudflare",
    dns: { provider: "cloudflare", zone: "example.test", proofTimeout: 3 },
    resource: "dns-token",
    secret: ["cloudflare-dns", "CF_DNS_API_TOKEN"],
    make: "^POST .*/user/tokens$",
    prove: "^POST .*/dns_records$",
    works: (content: string, { clouds }: Sandbox) =>
      proveCloudflareToken(content, {
        ...target,
        zone: "example.test",
        endpoint: clouds.cloudflareUrl,
      }),
  },
] as const;

for (const { cloud, dns, resource, secret, make, prove, works } of rotations) {
  describe(`rotation at ${cloud}`, () => {
    const name = `rotation-${cloud}`;
    const release = `${name}-provider`;
    const pod = `${release}-0`;
    const settings: StackSettings = {
      challenge: "dns-01",
      dns,
      namespace: name,
      releaseName: release,
      timeout: "60",
    };
    let sandbox: Sandbox;
    let cluster: Cluster;
    let clouds: SandboxClouds;
    let workspace: Workspace;

    before(async () => {
      sandbox = await testSandbox();
      cluster = new Cluster(sandbox);
      clouds = new SandboxClouds(sandbox);
      workspace = await Workspace.create(sandbox, name, name, settings);
      await workspace.up();
    });
    afterEach(() => clouds.clearFaults());
    after(() => workspace.destroy());

    const readSecret = () =>
      cluster.core.readNamespacedSecret({ namespace: name, name: `${release}-${secret[0]}` });

    async function credential(): Promise<string> {
      return Buffer.from((await readSecret()).data?.[secret[1]] ?? "", "base64").toString();
    }

    /** Ids of the credentials that exist at the cloud. */
    async function live(): Promise<readonly string[]> {
      return cloud === "google"
        ? Object.values((await clouds.google()).keys).flat()
        : (await clouds.cloudflareTokens()).map(({ id }) => id);
    }

    function issueAnew(): Promise<CertificateReport> {
      rmSync(homeVolumes(sandbox.directory, name), { recursive: true, force: true });
      return issueCertificate(sandbox, { namespace: name, statefulSet: release }, silentReporter);
    }

    async function assertFinished(): Promise<void> {
      await works(await credential(), sandbox);
      const running = await cluster.pod(name, pod);
      assert(isReady(running));
      assert.equal(
        running?.metadata?.annotations?.["checksum/dns-credential"],
        (await readSecret()).metadata?.annotations?.[
          "akash-provider-letsencrypt/credential-digest"
        ],
      );
      assert.equal((await live()).length, 1);
      await workspace.succeed("preview", "-s", name, "--expect-no-changes");
    }

    /** Looks at the Secret and at the cloud all the time while something runs. */
    async function watched(run: () => Promise<unknown>): Promise<{ most: number; looks: number }> {
      const seen = { most: 0, looks: 0, running: true };
      const watch = async () => {
        while (seen.running) {
          const [current, ids] = [await readSecret(), await live()];
          const id = current.metadata?.annotations?.["akash-provider-letsencrypt/credential-id"];
          assert(ids.includes(id ?? ""), "the Secret holds a credential that does not exist");
          seen.most = Math.max(seen.most, ids.length);
          seen.looks += 1;
          await delay(20);
        }
      };
      await Promise.all([
        watch(),
        run().finally(() => {
          seen.running = false;
        }),
      ]);
      return seen;
    }

    async function rotate(): Promise<void> {
      const { credential: output } = (await workspace.outputs()) as {
        readonly credential: { readonly rotate: string };
      };
      // As a shell would take it.
      const [, ...args] = output.rotate.replaceAll("'", "").split(" ");
      await workspace.succeed(...args, "--yes", "--event-log", join(workspace.directory, "events"));
    }

    it("follows the command of the stack's output: new credential, Secret, release, old one last", async () => {
      const before = { uid: (await readSecret()).metadata?.uid, content: await credential() };
      const { most, looks } = await watched(rotate);
      assert.equal(most, 2);
      assert(looks > 10, `${looks} looks`);
      assert.deepEqual(steps(join(workspace.directory, "events")), [
        `create-replacement ${resource}`,
        "update provider-dns-credential",
        "update provider-release",
        `delete-replaced ${resource}`,
      ]);
      assert.equal((await readSecret()).metadata?.uid, before.uid, "the Secret was replaced");
      await assert.rejects(works(before.content, sandbox), "the old credential still works");
      await assertFinished();
    });

    it("gets the certificate anew with the new credential", async () => {
      const { result, challenge } = await issueAnew();
      assert.deepEqual([result, challenge], ["issued", "dns-01"]);
    });

    it("follows a changed setting, and works from another folder", async () => {
      const before = await credential();
      const elsewhere = workspace.copy(`${name}-elsewhere`);
      elsewhere.configure({ ...settings, dns: { ...dns, rotation: "2026-12" } });
      await elsewhere.up();
      assert.notEqual(await credential(), before);
      workspace.configure({ ...settings, dns: { ...dns, rotation: "2026-12" } });
      await assertFinished();
    });

    it("leaves the credential in use alone while the new one fails its proof, and is finished later", async () => {
      const before = await credential();
      await clouds.inject(cloud, { match: prove, status: 403, times: 100 });
      const { status, output } = await workspace.pulumi(
        ...["up", "-s", name, "--yes", "--replace", `**::${resource}`],
      );
      assert.notEqual(status, 0);
      assert.match(output, /lacks the permission/);
      await clouds.clearFaults();
      assert.equal(await credential(), before);
      await works(before, sandbox);

      const again = await workspace.pulumi(
        ...["up", "-s", name, "--yes", "--replace", `**::${resource}`],
      );
      assert.notEqual(again.status, 0, "a third credential was made");
      assert.match(again.output, /two credentials already/);
      assert.equal((await live()).length, 2);

      await workspace.up();
      assert.notEqual(await credential(), before);
      await assertFinished();
    });

    for (const [at, match] of [
      ["making the new credential", make],
      ["its proof", prove],
    ] as const) {
      it(`killed while ${at} is finished by the next up`, async () => {
        const before = await credential();
        const count = (await live()).length;
        await clouds.inject(cloud, { match, delayMs: 120_000, when: "after" });
        await workspace.upKilledWhen(
          async () =>
            at === "its proof"
              ? (await clouds.google()).txt.length + (await clouds.cloudflareTxt()).length > 0
              : (await live()).length > count,
          "--replace",
          `**::${resource}`,
        );
        await clouds.clearFaults();
        assert.equal(await credential(), before);
        await works(before, sandbox);
        await workspace.up();
        await assertFinished();
      });
    }

    it("refuses to delete the credential that the pod runs with, as --target-replace would", async () => {
      const before = await credential();
      const { status, output } = await workspace.pulumi(
        ...["up", "-s", name, "--yes", "--target-replace", `**::${resource}`],
      );
      assert.notEqual(status, 0);
      assert.match(output, new RegExp(`The pod ${pod} still runs with this credential`));
      await works(before, sandbox);
      await workspace.up();
      await assertFinished();
    });

    it("goes past a pod that is not ready", async () => {
      const status = { conditions: [{ type: "Ready", status: "False" }] };
      await cluster.core.patchNamespacedPodStatus({
        namespace: name,
        name: pod,
        body: [{ op: "replace", path: "/status/conditions", value: status.conditions }],
      });
      await rotate();
      await assertFinished();
    });

    it("is possible when the credential is revoked already", async () => {
      const [id] = await live();
      await clouds.revoke(cloud, id ?? "");
      await assert.rejects(works(await credential(), sandbox));
      await workspace.succeed("refresh", "-s", name, "--yes");
      await workspace.up();
      await assertFinished();
      const { result, challenge } = await issueAnew();
      assert.deepEqual([result, challenge], ["issued", "dns-01"]);
    });
  });
}

describe("Google's limit of ten keys", () => {
  const name = "rotation-limit";

  it("is told with the keys and the command that removes them", async () => {
    const sandbox = await testSandbox();
    const clouds = new SandboxClouds(sandbox);
    const workspace = await Workspace.create(sandbox, name, name, {
      challenge: "dns-01",
      dns: { provider: "googleCloud", project: "sandbox-project" },
      namespace: name,
      releaseName: `${name}-provider`,
      timeout: "60",
    });
    await workspace.up();
    const [email] = (await clouds.google()).accounts;
    for (let more = 1; more < 10; more += 1) {
      await clouds.addKey(email ?? "");
    }
    await clouds.inject("google", { match: "^DELETE .*/keys/", status: 403, times: 100 });
    const { status, output } = await workspace.pulumi(
      ...["up", "-s", name, "--yes", "--replace", "**::dns-key"],
    );
    await clouds.clearFaults();
    assert.notEqual(status, 0);
    assert.match(output, /There are 10 credentials, which is the limit/);
    const commands = output.match(/gcloud iam service-accounts keys delete [0-9a-f]+/g) ?? [];
    assert.equal(new Set(commands).size, 9, "each but the one in use");

    await workspace.up();
    assert.equal(Object.values((await clouds.google()).keys).flat().length, 1);
    await workspace.destroy();
  });
});

interface EngineEvent {
  readonly resourcePreEvent?: {
    readonly planning?: boolean;
    readonly metadata: { readonly op: string; readonly urn: string };
  };
}

/** What the engine did, in its order, without what it left as it was. */
function steps(eventLog: string): string[] {
  return readFileSync(eventLog, "utf8")
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => (JSON.parse(line) as EngineEvent).resourcePreEvent)
    .filter((event) => event !== undefined && event.planning !== true)
    .map((event) => event?.metadata)
    .filter((metadata) => metadata !== undefined)
    .filter(({ op }) => !["same", "replace", "read"].includes(op))
    .map(({ op, urn }) => `${op} ${urn.split("::").at(-1) ?? ""}`);
}
