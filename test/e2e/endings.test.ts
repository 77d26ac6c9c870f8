import assert from "node:assert/strict";
import { join } from "node:path";
import { PatchStrategy, setHeaderOptions } from "../../lib/kubernetesClient.ts";
import { removalCommands } from "../../components/goneCluster.ts";
import { stopPart } from "../../sandbox/processes/parts.ts";
import type { Fault } from "../support/clouds.ts";
import { itExhaustive } from "../support/exhaustive.ts";
import { RotatingStack, rotatingCloudflare, rotatingGoogle } from "../support/rotatingStack.ts";
import type { Workspace } from "../support/workspace.ts";

/** How long a pod takes to terminate, longer than Helm waits (sandbox/cluster/podEnd.yaml). */
const endsAfter = "10s";

const clouds = [rotatingGoogle, rotatingCloudflare] as const;

/** The calls that delete the parts of a credential at each DNS provider, in order, in the form of a fault's `match`. */
const deletions = {
  google: ["^DELETE .*/keys/", "^POST .*:setIamPolicy$", "^DELETE .*/serviceAccounts/[^/]+$"],
  cloudflare: ["^DELETE .*/user/tokens/"],
} as const;

describe("the end of a stack", () => {
  /** Nothing of a stack is left in the state, and none of its credentials and grants at the DNS provider. */
  async function assertEnded(stack: RotatingStack): Promise<void> {
    await assertNoState(stack);
    await assertNothingAtCloud(stack);
  }

  async function assertNoState(stack: RotatingStack): Promise<void> {
    const state = JSON.parse(
      (await stack.workspace.succeed("stack", "export", "-s", stack.name)).stdout,
    ) as { readonly deployment: { readonly resources?: readonly { readonly urn: string }[] } };
    assert.deepEqual(
      (state.deployment.resources ?? []).map(({ urn }) => urn),
      [],
    );
  }

  async function assertNothingAtCloud(stack: RotatingStack): Promise<void> {
    const { accounts, grants, txt } = await stack.clouds.google();
    assert.deepEqual([accounts, grants, txt], [[], [], []]);
    assert.deepEqual(await stack.clouds.cloudflareTokens(), []);
    assert.deepEqual(await stack.clouds.cloudflareTxt(), []);
  }

  async function slowPod({ cluster, name, pod }: RotatingStack): Promise<void> {
    await cluster.core.patchNamespacedPod(
      {
        namespace: name,
        name: pod,
        body: { metadata: { annotations: { "sandbox/ends-after": endsAfter } } },
      },
      setHeaderOptions("Content-Type", PatchStrategy.MergePatch),
    );
  }

  for (const cloud of clouds) {
    describe(`with a credential at ${cloud.cloud}`, () => {
      let stack: RotatingStack;

      before(async () => {
        stack = await RotatingStack.deploy(cloud, `end-${cloud.cloud}`);
      });
      afterEach(() => stack.clouds.clearFaults());

      async function failsWhere(fault: Omit<Fault, "times">, ...more: readonly string[]) {
        await stack.clouds.inject(cloud.cloud, { ...fault, times: 1_000 });
        const { status, output } = await stack.workspace.pulumi(
          ...["destroy", "-s", stack.name, "--yes", "--run-program", ...more],
        );
        assert.notEqual(status, 0, output);
        assert.doesNotMatch(output, /\n\s+at .*\.[jt]s:/, "a stack trace");
        await stack.clouds.clearFaults();
      }

      it("is finished by the same command after a refusal of every deletion", async () => {
        await failsWhere({ match: "^(DELETE|POST) ", status: 403 });
        await stack.workspace.destroy();
        await assertEnded(stack);
      });

      // Google deletes three objects for one credential.
      itExhaustive(
        "is finished by the same command after a failure of each deletion, before or after its effect",
        async () => {
          await stack.workspace.up();
          for (const match of deletions[cloud.cloud]) {
            await failsWhere({ match, status: 500 }, "--skip-preview");
            await failsWhere({ match, status: 500, when: "after" }, "--skip-preview");
          }
          await stack.workspace.destroy();
          await assertEnded(stack);
        },
      );

      (cloud === rotatingGoogle ? it : itExhaustive)(
        "waits at the first try for a pod that takes ten seconds to end",
        async () => {
          await stack.workspace.up();
          await slowPod(stack);
          const { output } = await stack.workspace.destroy();
          assert.match(
            output,
            /Waiting up to \d+ s for the pod \S+, which uses this credential, to terminate/,
          );
          await assertEnded(stack);
        },
      );
    });
  }

  describe("when the cluster no longer exists", () => {
    const stacks: RotatingStack[] = [];

    before(async () => {
      for (const cloud of clouds) {
        stacks.push(await RotatingStack.deploy(cloud, `gone-${cloud.cloud}`));
      }
      const [first] = stacks;
      assert(first !== undefined);
      await stopPart(first.sandbox.directory, "kube-apiserver");
    });

    /** For one stack, the kubeconfig is also missing, which k3s-uninstall.sh deletes with the rest of k3s. */
    function remaining({ workspace, name }: RotatingStack): Workspace {
      const KUBECONFIG = join(workspace.directory, "k3s.yaml");
      return name === "gone-cloudflare" ? workspace.withEnvironment({ KUBECONFIG }) : workspace;
    }

    it("keeps the credential, and prints the commands, until the operator confirms it", async () => {
      for (const stack of stacks) {
        const live = await stack.live();
        const { status, output } = await remaining(stack).pulumi(
          ...["destroy", "-s", stack.name, "--yes", "--run-program"],
        );
        assert.notEqual(status, 0, output);
        for (const command of removalCommands(stack.name)) {
          assert(output.includes(command), output);
        }
        assert.deepEqual(await stack.live(), live);
        assert.doesNotMatch(output, /\n\s+at .*\.[jt]s:/, "a stack trace");
      }
    });

    it("is complete with the two commands: no credential, no grant, an empty state", async () => {
      for (const stack of stacks) {
        for (const command of removalCommands(stack.name)) {
          const { output, status } = await remaining(stack).shell(`${command} --yes`);
          assert.equal(status, 0, output);
        }
        await assertNoState(stack);
      }
      const [first] = stacks;
      assert(first !== undefined);
      await assertNothingAtCloud(first);
    });
  });
});
