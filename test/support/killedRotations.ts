import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describeExhaustive, itExhaustive } from "./exhaustive.ts";
import { isReady } from "./kubernetesObjects.ts";
import { RotatingStack, type RotatingCloud } from "./rotatingStack.ts";

/** Longer than a test waits for the moment to kill. */
const forever = 120_000;

/**
 * Kills a rotation at each of its steps, and finishes it. During the whole time, the credentials in the Secret and
 * in the pod must work. The steps between those at the DNS provider do not depend on the DNS provider: they run
 * only with `withRelease`, and the others run exhaustively.
 */
export function describeKilledRotations(
  rotatingCloud: RotatingCloud,
  { withRelease }: { readonly withRelease: boolean },
): void {
  const { cloud, calls } = rotatingCloud;

  (withRelease ? describe : describeExhaustive)(`a rotation at ${cloud} that is killed`, () => {
    let stack: RotatingStack;
    /** The digest that the pod had before. */
    let old: string | undefined;

    before(async () => {
      stack = await RotatingStack.deploy(rotatingCloud, `killed-${cloud}`, { timeout: "15" });
    });
    beforeEach(async () => {
      old = await stack.podDigest();
    });
    afterEach(() => stack.clouds.clearFaults());
    after(() => stack.workspace.destroy());

    /** Kills a rotation at a moment, and finishes it with the command that a user would run next. */
    async function killed(
      when: "upKilledWhen" | "upCutOffWhen",
      moment: () => Promise<boolean>,
      ...args: readonly string[]
    ): Promise<void> {
      const before = await stack.credential();
      await killedAndFinished(when, moment, ...args);
      await assert.rejects(stack.works(before), "the old credential still works");
    }

    async function killedAndFinished(
      when: "upKilledWhen" | "upCutOffWhen",
      moment: () => Promise<boolean>,
      ...args: readonly string[]
    ): Promise<void> {
      const { most } = await stack.watched(async () => {
        await stack.workspace[when](moment, "--replace", stack.pattern, ...args);
        await stack.clouds.clearFaults();
        await stack.workspace.up();
      });
      assert.equal(most, 2);
      await stack.assertFinished();
      await stack.assertIssues();
    }

    async function secretIsNew(): Promise<boolean> {
      return (await stack.secretDigest()) !== old;
    }

    async function helmStatus(): Promise<string | undefined> {
      return (await stack.cluster.helmHistory(stack.name)).at(-1)?.info.status;
    }

    it("during the creation of the new credential, of which Pulumi has no record, is undone by the next up", async () => {
      const before = await stack.credential();
      await stack.clouds.inject(cloud, { match: calls.make, delayMs: forever, when: "after" });
      await killedAndFinished("upKilledWhen", async () => (await stack.live()).length > 1);
      assert.equal(await stack.credential(), before);
    });

    it("during the proof is finished by the next up", async () => {
      await stack.clouds.inject(cloud, { match: calls.write, delayMs: forever, when: "after" });
      await killed("upKilledWhen", async () => (await stack.txt()).length > 0);
      assert.deepEqual(await stack.txt(), []);
    });

    if (withRelease) {
      itExhaustive("when the Secret has just been updated is finished by the next up", async () => {
        await killed("upKilledWhen", secretIsNew);
      });

      itExhaustive("before Helm's upgrade is finished by the next up", async () => {
        // The program waits for a revision that another run appears to be working on.
        const mark = await stack.cluster.markPending(stack.name);
        const events = join(stack.workspace.directory, "events");
        await killed(
          "upKilledWhen",
          async () => {
            const waits = readFileSync(events, "utf8").includes("another run is in progress");
            if (waits) {
              const { name: namespace } = stack;
              await stack.cluster.core.deleteNamespacedSecret({ namespace, name: mark });
            }
            return waits;
          },
          ...["--event-log", events],
        );
      });

      itExhaustive("during Helm's upgrade is finished by the next up", async () => {
        await killed("upKilledWhen", async () => (await helmStatus()) === "pending-upgrade");
      });

      it("together with Helm, during the replacement of the pod, is finished by the next up", async () => {
        await killed("upCutOffWhen", async () => {
          const pod = await stack.cluster.pod(stack.name, stack.pod);
          return (await secretIsNew()) && (!isReady(pod) || (await stack.podDigest()) !== old);
        });
      });
    }

    it("before the deletion of the old credential is finished by the next up", async () => {
      await stack.clouds.inject(cloud, { match: calls.remove, delayMs: forever });
      await killed("upKilledWhen", () => stack.clouds.faultsSpent(cloud));
    });

    itExhaustive(
      "after the deletion of the old credential is finished by the next up",
      async () => {
        await stack.clouds.inject(cloud, { match: calls.remove, delayMs: forever, when: "after" });
        await killed(
          "upKilledWhen",
          async () => (await secretIsNew()) && (await stack.live()).length === 1,
        );
      },
    );
  });
}
