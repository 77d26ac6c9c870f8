import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Sandbox } from "../../sandbox/cluster/sandbox.ts";
import { describeExhaustive } from "../support/exhaustive.ts";
import { SandboxClouds } from "../support/clouds.ts";
import { Cluster, isReady } from "../support/kubernetesObjects.ts";
import {
  readPurposefulDifferences,
  readRelease,
  ReleaseCode,
  whyWithout,
} from "../support/release.ts";
import { RotatingStack, rotatingCloudflare, rotatingGoogle } from "../support/rotatingStack.ts";
import { testSandbox } from "../support/sandbox.ts";
import {
  notSeen,
  previewDifferences,
  previewedResources,
  stateDifferences,
  unlisted,
  type Difference,
  type EngineEvent,
  type ExportedStack,
} from "../support/stackDifferences.ts";
import { Workspace, type StackSettings } from "../support/workspace.ts";

const release = readRelease();
const purposeful = readPurposefulDifferences();

/** The account at Cloudflare that owns the zone example.test (sandbox/cluster/clouds.ts). */
const cloudflareAccount = "5a".repeat(16);

const dns = {
  googleKey: rotatingGoogle.dns,
  googleKeyOfProject: { ...rotatingGoogle.dns, grant: "project" },
  googleBrought: { ...rotatingGoogle.dns, zone: "example-test" },
  googleWorkloadIdentity: {
    ...{ ...rotatingGoogle.dns, zone: "example-test" },
    workloadIdentity: "provider@sandbox-project.iam.gserviceaccount.com",
  },
  cloudflareToken: rotatingCloudflare.dns,
  cloudflareTokenOfAccount: {
    ...{ ...rotatingCloudflare.dns, accountId: cloudflareAccount },
    expiresOn: "2099-12-31T00:00:00Z",
    allowedIps: ["127.0.0.0/8", "192.0.2.7/32"],
  },
};

/** The deployment of a stack, and the tests after it. */
interface StackTest {
  /** Its setting for DNS-01. Default: HTTP-01. */
  readonly dns?: object;
  /** Its provided credential: the setting in `dns`, and the function that creates it. */
  readonly brings?: readonly [setting: string, make: () => Promise<string>];
  /** Further tests, which begin with the state as the release has written it. */
  readonly further?: (workspace: () => Workspace) => void;
  /** Whether the tests after the comparison are left to a stack with the same resources and more. */
  readonly comparedOnly?: boolean;
  /** Whether it is exhaustive, because another stack has the same resources except for an argument. */
  readonly exhaustive?: true;
}

describe(`a stack that release ${release.version} has deployed`, () => {
  let sandbox: Sandbox;
  let cluster: Cluster;
  let clouds: SandboxClouds;
  let code: ReleaseCode | undefined;
  const names: string[] = [];

  before(async function () {
    const reason = whyWithout(release);
    if (reason !== undefined) {
      console.log(`    Skipped: ${reason}`);
      this.skip();
    }
    sandbox = await testSandbox();
    cluster = new Cluster(sandbox);
    clouds = new SandboxClouds(sandbox);
    code = await ReleaseCode.checkOut(release, join(sandbox.directory, "release"));
  });
  after(() => code?.remove());

  /**
   * Tests that the present code does not change a stack, continues with it, and deletes what the release has
   * created.
   *
   * @param name its name in the list of intended differences
   */
  function testStack(
    name: string,
    { dns, brings, further = () => undefined, comparedOnly = false, exhaustive }: StackTest = {},
  ): void {
    names.push(name);

    const describeStack = exhaustive === true ? describeExhaustive : describe;
    describeStack(`(${name})`, () => {
      let workspace: Workspace;
      /** The earlier state at Google and Cloudflare. */
      let others: object;
      let pod: string | undefined;
      let state: ExportedStack;
      /** The differences in the preview, and those after up. */
      const differences: Difference[] = [];

      before(async () => {
        const write = (directory: string) => code?.writeProgram(directory);
        const settings = stackSettings(name, dns);
        workspace = await Workspace.create(sandbox, name, name, settings, write);
        if (brings !== undefined) {
          const [setting, make] = brings;
          const set = ["config", "set", "-s", name, "--path", "--secret", `dns.${setting}`, "--"];
          await workspace.succeed(...set, await make());
        }
        others = await atClouds();
        // The release's own call to Google would use the proxy for Google's address to the emulator.
        const withoutProxy = { HTTPS_PROXY: "", HTTP_PROXY: "" };
        await workspace.withEnvironment(withoutProxy).up();
        pod = await podUid();
        state = await exported();
        await workspace.succeed("stack", "export", "-s", name, "--file", stateFile());
        workspace.takeProgram();
      });

      it("is previewed with only the intended differences", async () => {
        const log = join(workspace.directory, "events");
        await workspace.succeed("preview", "-s", name, "--event-log", log);
        const events = readFileSync(log, "utf8")
          .split("\n")
          .filter((line) => line !== "")
          .map((line) => JSON.parse(line) as EngineEvent);
        const { resources = [] } = state.deployment;
        assert(previewedResources(events).length >= resources.length, "events are missing");
        differences.push(...previewDifferences(events));
        assertNone(unlisted(name, differences, purposeful));
      });

      it("is not changed by up, neither the pod nor the state", async () => {
        await workspace.up();
        differences.push(...stateDifferences(state, await exported()));
        const current = await podUid();
        if (current !== pod) {
          const path = { resource: `Pod::${name}-provider-0`, property: "metadata.uid" };
          differences.push({ ...path, before: String(pod), after: String(current) });
        }
        assertNone([
          ...unlisted(name, differences, purposeful),
          ...notSeen(name, differences, purposeful),
        ]);
      });

      if (comparedOnly) {
        return;
      }

      // Up would have renamed the hooks in the state, and an operator need not run up first.
      describe("with the state as the release has written it", () => {
        before(() => workspace.succeed("stack", "import", "-s", name, "--file", stateFile()));

        further(() => workspace);

        it("is destroyed with all that was created for it", async () => {
          await workspace.destroy();
          const { items } = await cluster.core.listNamespacedSecret({ namespace: name });
          const secrets = items.map(({ metadata }) => metadata?.name);
          assert.deepEqual({ secrets, ...(await atClouds()) }, { secrets: [], ...others });
        });
      });

      function stateFile(): string {
        return join(sandbox.directory, `${name}.json`);
      }

      async function podUid(): Promise<string | undefined> {
        const found = await cluster.pod(name, `${name}-provider-0`);
        assert(isReady(found), "the pod is not ready");
        return found?.metadata?.uid;
      }

      async function exported(): Promise<ExportedStack> {
        const { stdout } = await workspace.succeed("stack", "export", "-s", name, "--show-secrets");
        return JSON.parse(stdout) as ExportedStack;
      }
    });
  }

  /** The state at Google and Cloudflare, without the operator's own objects. */
  async function atClouds(): Promise<object> {
    const tokens = [
      ...(await clouds.cloudflareTokens()),
      ...(await clouds.cloudflareTokens(cloudflareAccount)),
    ];
    return {
      google: await clouds.google(),
      cloudflareTokens: tokens.map(({ id }) => id),
      cloudflareTxt: await clouds.cloudflareTxt(),
    };
  }

  // The tests of each stack delete the credential that the release has created, by the hooks that the release
  // named.
  testStack("http-01");

  testStack("google-key", {
    dns: dns.googleKey,
    further: (workspace) => {
      it("is rotated", async () => {
        const stack = RotatingStack.of(rotatingGoogle, sandbox, workspace());
        const before = await stack.credential();
        await stack.rotate();
        await assert.rejects(stack.works(before), "the release's key still works");
        await stack.assertFinished();
      });
    },
  });

  testStack("cloudflare-token", {
    dns: dns.cloudflareToken,
    further: (workspace) => {
      it("is rotated", async () => {
        const stack = RotatingStack.of(rotatingCloudflare, sandbox, workspace());
        const before = await stack.credential();
        await stack.rotate();
        await assert.rejects(stack.works(before), "the release's token still works");
        await stack.assertFinished();
      });
    },
  });

  testStack("google-key-project", {
    exhaustive: true,
    dns: dns.googleKeyOfProject,
    further: (workspace) => {
      it("changes to HTTP-01", async () => {
        assert.equal((await clouds.credentials("google")).length, 1);
        await change(workspace());
        assert.deepEqual(await clouds.credentials("google"), []);
      });

      it("changes back to DNS-01", async () => {
        await change(workspace(), dns.googleKeyOfProject);
        await RotatingStack.of(rotatingGoogle, sandbox, workspace()).assertFinished();
      });
    },
  });

  testStack("cloudflare-token-account", {
    exhaustive: true,
    dns: dns.cloudflareTokenOfAccount,
    further: (workspace) => {
      it("changes to Google", async () => {
        assert.equal((await clouds.cloudflareTokens(cloudflareAccount)).length, 1);
        await change(workspace(), dns.googleKey);
        assert.deepEqual(await clouds.cloudflareTokens(cloudflareAccount), []);
        await RotatingStack.of(rotatingGoogle, sandbox, workspace()).assertFinished();
      });
    },
  });

  testStack("google-key-brought", {
    exhaustive: true,
    dns: dns.googleBrought,
    brings: [
      "serviceAccountKey",
      () => clouds.googleKey("brought", [{ zone: "example-test", role: "roles/dns.admin" }]),
    ],
    comparedOnly: true,
  });

  testStack("cloudflare-token-brought", {
    exhaustive: true,
    dns: dns.cloudflareToken,
    brings: ["apiToken", async () => (await clouds.cloudflareToken("brought")).value],
    comparedOnly: true,
  });

  testStack("google-workload-identity", {
    exhaustive: true,
    dns: dns.googleWorkloadIdentity,
    comparedOnly: true,
  });

  it("is among these if the list has a difference of it", () => {
    const listed = purposeful.flatMap(({ stacks }) => stacks);
    assert.deepEqual(
      listed.filter((name) => !names.includes(name)),
      [],
    );
  });
});

/** In the form that {@link RotatingStack} expects. */
function stackSettings(name: string, dns?: object): StackSettings {
  return {
    ...(dns !== undefined && { challenge: "dns-01", dns }),
    namespace: name,
    releaseName: `${name}-provider`,
    timeout: "60",
  };
}

/** Changes a stack's challenge. */
async function change(workspace: Workspace, dns?: object): Promise<void> {
  workspace.configure(stackSettings(workspace.stack, dns));
  await workspace.up();
}

function assertNone(complaints: readonly string[]): void {
  if (complaints.length > 0) {
    assert.fail(`\n${complaints.join("\n")}`);
  }
}
