import assert from "node:assert/strict";
import { RunError } from "@pulumi/pulumi";
import { credentialAnnotations } from "../../../components/dnsCredential/annotations.ts";
import { runProgram } from "../../support/mocks.ts";
import { protocolRows, rowsOfDiagram } from "../../support/protocolPage.ts";
import { digest, fakeProvider, FakeConsumer, Stage } from "../../support/rotation.ts";
import { infosOf, warningsOf } from "../../support/warnings.ts";

/** Each title begins with a row of docs/rotation-protocol.md. */
describe("the rotation's protocol", () => {
  const { next, previous } = credentialAnnotations;
  const stillRuns =
    "The credential was not deleted: the pod provider-0 still uses it. Once the pod uses the new one, delete the old one with: pulumi up -s home";
  const unfinished =
    "There are two credentials already, A and B, from an unfinished rotation. Finish the rotation first, without --replace: pulumi up -s home";
  const unknown =
    "There are 2 credentials already, A and B, and it is unknown which of them is in use: no Secret has the id of the pod's credential. " +
    "Fix this first, without --replace: pulumi refresh -s home --run-program && pulumi up -s home";

  // Messages name the stack.
  before(() => runProgram("home", () => ({})));

  /** Asserts that Secret, pod and DNS provider are in the state of a row. */
  function assertRow(stage: Stage, id: string): void {
    const row = protocolRows.find((row) => row.id === id);
    assert(row !== undefined, `the page has no row ${id}`);
    const { secrets, pod, cloud } = row;
    assert.deepEqual(stage.shown, { secrets, pod, cloud });
  }

  async function assertRefused(action: Promise<unknown>, message: string): Promise<void> {
    await assert.rejects(action, (error: unknown) => {
      assert(error instanceof RunError, String(error));
      assert.equal(error.message, message);
      return true;
    });
  }

  /** Asserts that another rotation is refused, and that nothing is deleted for it. */
  async function assertNoThird(stage: Stage, message = unfinished): Promise<void> {
    const before = [...stage.cloud.ids];
    await assertRefused(stage.create("C"), message);
    assert.deepEqual(stage.cloud.ids, before);
  }

  describe("begins, where", () => {
    it("first-room: all credentials are deleted, since no consumer uses one", async () => {
      const stage = new Stage(["O"]);
      const warnings = await warningsOf(() => stage.rotation.makeRoom(stage.cloud));
      assertRow(stage, "first-room");
      assert.deepEqual(warnings, ["Deleted the orphan credential O of an interrupted run"]);
    });

    it("first-created: the first credential is created, and there is no Secret to record it on", async () => {
      const stage = new Stage();
      await stage.create("A");
      assertRow(stage, "first-created");
      assert.deepEqual(await stage.orphansRemoved("A"), []);
    });

    it("first-created: one whose answer was lost is deleted before the next creation", async () => {
      const stage = new Stage(["A"]);
      await warningsOf(() => stage.create("B"));
      assert.deepEqual([stage.cloud.removed, stage.cloud.ids], [["A"], ["B"]]);
    });

    it("first-proof-fails: the next up keeps the credential, and --replace deletes it", async () => {
      const stage = new Stage();
      await stage.create("A");
      assertRow(stage, "first-proof-fails");
      assert.deepEqual(await stage.orphansRemoved("A"), []);
      await warningsOf(() => stage.create("B"));
      assert.deepEqual([stage.cloud.removed, stage.cloud.ids], [["A"], ["B"]]);
    });

    it("first-stored: no pod uses the credential, and it is kept", async () => {
      const stage = new Stage();
      await stage.create("A");
      stage.provider.store("A");
      assertRow(stage, "first-stored");
      assert.deepEqual(await stage.orphansRemoved("A"), []);
    });

    it("first-running: any up deletes an orphan, and nothing else", async () => {
      const stage = Stage.inUse();
      assertRow(stage, "first-running");
      stage.cloud.ids.push("O");
      assert.deepEqual(await stage.orphansRemoved("A"), ["O"]);
      assertRow(stage, "first-running");
    });

    it("first-running: a pod with HTTP-01 uses none, so that orphans can be identified", async () => {
      const stage = new Stage(["O"]);
      stage.provider.running = undefined;
      await warningsOf(() => stage.create("A"));
      stage.provider.store("A");
      stage.provider.roll();
      assertRow(stage, "first-running");
    });
  });

  describe("continues, where", () => {
    it("room: all orphans are deleted, but not the credential in use", async () => {
      const stage = Stage.inUse();
      stage.cloud.ids.push("O", "another");
      const warnings = await warningsOf(() => stage.rotation.makeRoom(stage.cloud));
      assertRow(stage, "room");
      assert.deepEqual(stage.cloud.removed, ["O", "another"]);
      assert.equal(warnings.length, 2);
      assert.deepEqual(stage.provider.patches, [], "something was noted");
    });

    it("answer-lost: the next up deletes the orphan, although it changes nothing", async () => {
      const stage = Stage.inUse();
      await stage.rotation.makeRoom(stage.cloud);
      stage.cloud.ids.push("B");
      assertRow(stage, "answer-lost");
      assert.deepEqual(await stage.orphansRemoved("A"), ["B"]);
      assertRow(stage, "first-running");
    });

    it("answer-lost: the next rotation deletes the orphan, too", async () => {
      const stage = Stage.inUse();
      stage.cloud.ids.push("B");
      await warningsOf(() => stage.create("C"));
      assert.deepEqual(stage.cloud.ids, ["A", "C"]);
    });

    it("created: the new credential is recorded as next, the one in use as previous, and nothing else", async () => {
      const stage = await Stage.created();
      assertRow(stage, "created");
      assert.deepEqual(stage.provider.patches, [{ [next]: "B", [previous]: "A" }]);
      assert.deepEqual(await stage.orphansRemoved("B"), []);
      assertRow(stage, "created");
    });

    it("created: a credential that is missing in the state is an orphan", async () => {
      const stage = await Stage.created();
      assert.deepEqual(await stage.orphansRemoved("A"), ["B"]);
      await stage.create("C");
      assert.equal(stage.provider.shown, "A A C A");
    });

    it("note-lost: the run fails, and the next up keeps both", async () => {
      const stage = Stage.inUse();
      stage.provider.takesAnnotations = false;
      await assert.rejects(stage.create("B"), /the cluster does not respond/);
      assertRow(stage, "note-lost");
      assert.deepEqual(await stage.orphansRemoved("B"), []);
    });

    it("proof-fails: both are kept, and the one in use is not deleted", async () => {
      const stage = await Stage.created();
      assertRow(stage, "proof-fails");
      assert.deepEqual(await stage.orphansRemoved("B"), []);
      await assertRefused(stage.delete("A"), stillRuns);
      assertRow(stage, "proof-fails");
    });

    it("third-refused: another rotation is refused at every step before the restart of the pod", async () => {
      const stage = await Stage.created();
      await assertNoThird(stage);
      assertRow(stage, "third-refused");
      stage.provider.store("B");
      await assertNoThird(stage, unfinished);
      stage.provider.roll();
      await warningsOf(() => stage.create("C"));
      assert.deepEqual(stage.cloud.ids, ["B", "C"]);
    });

    it("deletion-refused: the pod still uses the credential", async () => {
      const stage = await Stage.created();
      await assertRefused(stage.delete("A"), stillRuns);
      assertRow(stage, "deletion-refused");
    });

    it("deletion-refused: not without a pod, on which `pulumi destroy` relies", async () => {
      const stage = await Stage.created();
      stage.provider.running = undefined;
      await stage.delete("A");
      assert.deepEqual(stage.cloud.ids, ["B"]);
    });

    it("stored: the pod's credential is kept, and not deleted", async () => {
      const stage = await Stage.created();
      stage.provider.store("B");
      assertRow(stage, "stored");
      assert.deepEqual(await stage.orphansRemoved("B"), []);
      await assertRefused(stage.delete("A"), stillRuns);
      assertRow(stage, "stored");
    });

    it("stored: an orphan is still deleted", async () => {
      const stage = await Stage.created();
      stage.provider.store("B");
      stage.cloud.ids.push("O");
      assert.deepEqual(await stage.orphansRemoved("B"), ["O"]);
    });

    it("upgrading: the former pod's credential is kept, even while there is no pod", async () => {
      const stage = await Stage.created();
      stage.provider.store("B");
      assertRow(stage, "upgrading");
      stage.provider.running = undefined;
      assert.deepEqual(await stage.orphansRemoved("B"), []);
      await assertNoThird(stage);
      assert.deepEqual(stage.cloud.ids, ["A", "B"]);
    });

    it("note-lost-stored: the pod's credential is unknown, so nothing is deleted until the pod uses the new one", async () => {
      const stage = Stage.inUse();
      stage.provider.takesAnnotations = false;
      await assert.rejects(stage.create("B"));
      stage.provider.store("B");
      assertRow(stage, "note-lost-stored");
      assert.deepEqual(await stage.orphansRemoved("B"), []);
      await assertNoThird(stage, unknown);
      await assertRefused(stage.delete("A"), stillRuns);
      stage.provider.roll();
      assert.deepEqual(await stage.orphansRemoved("B"), ["A"]);
    });

    it("note-lost-stored: the record of an earlier rotation does not count for this one", async () => {
      const stage = await Stage.created();
      stage.provider.store("B");
      stage.provider.roll();
      await stage.delete("A");
      stage.provider.takesAnnotations = false;
      await assert.rejects(stage.create("C"));
      stage.provider.store("C");
      assert.equal(stage.provider.shown, "C C B A");
      assert.deepEqual(await stage.orphansRemoved("C"), [], "the pod has B");
    });

    it("rolled: the next up deletes the old credential, if this one was interrupted before", async () => {
      const stage = await Stage.created();
      stage.provider.store("B");
      stage.provider.roll();
      assertRow(stage, "rolled");
      assert.deepEqual(await stage.orphansRemoved("B"), ["A"]);
      await stage.delete("A");
      assertRow(stage, "deleted");
    });

    it("deletion-failed: the next up deletes the credential whose deletion was refused", async () => {
      const stage = await Stage.created();
      stage.provider.store("B");
      stage.provider.roll();
      await stage.rotation.refuseWhileInUse(digest("A"));
      assertRow(stage, "deletion-failed");
      assert.deepEqual(await stage.orphansRemoved("B"), ["A"]);
      assertRow(stage, "deleted");
    });

    it("deleted: the old credential, which the pod no longer uses, is deleted", async () => {
      const stage = await Stage.created();
      stage.provider.store("B");
      stage.provider.roll();
      await stage.delete("A");
      assertRow(stage, "deleted");
      assert.deepEqual(await stage.orphansRemoved("B"), []);
      await assertRefused(stage.delete("B"), stillRuns);
    });

    it("created-again: the next rotation overwrites the record of the last one", async () => {
      const stage = await Stage.created();
      stage.provider.store("B");
      stage.provider.roll();
      await stage.delete("A");
      await stage.create("C");
      assertRow(stage, "created-again");
      assert.deepEqual(stage.provider.patches.at(-1), { [next]: "C", [previous]: "B" });
    });
  });

  describe("fails or warns, where", () => {
    it("orphans-stay: the creation is refused, with a command for each orphan", async () => {
      const stage = Stage.inUse();
      stage.cloud.ids.push("O");
      stage.cloud.kept = ["O"];
      assertRow(stage, "orphans-stay");
      const warnings = await warningsOf(() =>
        assertRefused(
          stage.create("B"),
          "There are 2 credentials already, and the orphans among them could not be deleted. Delete them, and retry:\n" +
            "  cloud remove O",
        ),
      );
      assertRow(stage, "orphans-stay");
      const warning =
        "Could not check for orphan credentials of interrupted runs: may not remove O";
      assert.deepEqual(warnings, [warning]);
      const byUp = await warningsOf(() => stage.rotation.removeOrphans("A", stage.cloud));
      assert.deepEqual(byUp, [warning]);
    });

    it("not-listed: a warning is printed, and the rotation continues", async () => {
      const stage = Stage.inUse();
      stage.cloud.ids.push("O");
      stage.cloud.lists = false;
      const warnings = await warningsOf(() => stage.rotation.makeRoom(stage.cloud));
      assertRow(stage, "not-listed");
      assert.deepEqual(warnings, [
        "Could not check for orphan credentials of interrupted runs: may not list them",
      ]);
    });

    it("secret-deleted: nothing is deleted, including the pod's credential", async () => {
      const stage = Stage.inUse();
      stage.provider.stored = undefined;
      stage.cloud.ids.push("O");
      assertRow(stage, "secret-deleted");
      assert.deepEqual(await stage.orphansRemoved("A"), []);
      await assertRefused(stage.delete("A"), stillRuns);
      await assertNoThird(stage, unknown.replace("A and B", "A and O"));
      assertRow(stage, "secret-deleted");
    });

    it("secret-deleted: a rotation from this state keeps both until the pod uses the new one", async () => {
      const stage = Stage.inUse();
      stage.provider.stored = undefined;
      await stage.create("B");
      assert.deepEqual(await stage.orphansRemoved("B"), []);
      stage.provider.store("B");
      assert.deepEqual(await stage.orphansRemoved("B"), []);
      stage.provider.roll();
      assert.deepEqual(await stage.orphansRemoved("B"), ["A"]);
    });
  });

  describe("ends, or starts at another DNS provider, where", () => {
    it("http-01: the credential is deleted once the pod no longer uses it", async () => {
      // The program no longer has the Secret's name.
      const stage = new Stage(["A"], [new FakeConsumer(undefined, "provider-0")]);
      stage.provider.running = digest("A");
      await assertRefused(stage.delete("A"), stillRuns);
      stage.provider.roll();
      await stage.delete("A");
      assertRow(stage, "http-01");
    });

    it("other-cloud-created: there is no Secret to record it on, and nothing is deleted", async () => {
      const stage = switched();
      await stage.create("C");
      assertRow(stage, "other-cloud-created");
      stage.cloud.ids.push("O");
      assert.deepEqual(await stage.orphansRemoved("C"), []);
      await assertRefused(stage.delete("A"), stillRuns);
    });

    it("other-cloud-stored: the same, until the pod uses the new one", async () => {
      const stage = switched();
      await stage.create("C");
      stage.provider.store("C");
      assertRow(stage, "other-cloud-stored");
      stage.cloud.ids.push("O");
      assert.deepEqual(await stage.orphansRemoved("C"), []);
      await assertRefused(stage.delete("A"), stillRuns);
    });

    it("other-cloud: the former DNS provider's credential is deleted, and orphans can be identified again", async () => {
      const stage = switched();
      await stage.create("C");
      stage.provider.store("C");
      stage.provider.roll();
      await stage.delete("A");
      assertRow(stage, "other-cloud");
      stage.cloud.ids.push("O");
      assert.deepEqual(await stage.orphansRemoved("C"), ["O"]);
    });

    /** The pod uses A. The Secret and the resources at the DNS provider do not exist yet. */
    function switched(): Stage {
      const stage = new Stage();
      stage.provider.running = digest("A");
      return stage;
    }

    it("brought: no credential has an id, and digests distinguish the pods", () => {
      const stage = new Stage();
      stage.provider.storeBrought("D");
      stage.provider.roll();
      assertRow(stage, "brought");
    });

    it("brought-replaced: the record has no previous one, and nothing is deleted until the pod uses the new one", async () => {
      const stage = new Stage();
      stage.provider.storeBrought("D");
      stage.provider.roll();
      await stage.create("B");
      assertRow(stage, "brought-replaced");
      assert.deepEqual(stage.provider.patches, [{ [next]: "B" }]);
      stage.cloud.ids.push("O");
      assert.deepEqual(await stage.orphansRemoved("B"), []);
      stage.provider.store("B");
      assert.deepEqual(await stage.orphansRemoved("B"), []);
      stage.provider.roll();
      assert.deepEqual(await stage.orphansRemoved("B"), ["O"]);
    });

    it("state-lost: the credential that is missing in the state is deleted once the pod uses another", async () => {
      const stage = await Stage.created();
      assertRow(stage, "state-lost");
      stage.provider.store("B");
      assert.deepEqual(await stage.orphansRemoved("B"), []);
      stage.provider.roll();
      assert.deepEqual(await stage.orphansRemoved("B"), ["A"]);
    });

    it("pod-ends: the credential is deleted as soon as the terminating pod is gone", async () => {
      const stage = ending();
      stage.clock.after(12, () => {
        stage.provider.running = undefined;
      });
      const told = await infosOf(() => stage.delete("A"));
      assert.deepEqual(stage.cloud.ids, []);
      assert.equal(stage.clock.now(), 12_000);
      assert.deepEqual(told, [
        "Waiting up to 45 s for the pod provider-0, which uses this credential, to terminate",
      ]);
    });

    it("pod-ends: a wait of two seconds is not reported", async () => {
      const stage = ending();
      stage.clock.after(2, () => {
        stage.provider.running = undefined;
      });
      assert.deepEqual(await infosOf(() => stage.delete("A")), []);
      assert.deepEqual(stage.cloud.ids, []);
    });

    it("pod-ends: the deletion is refused if the pod still exists after its grace period and a margin", async () => {
      const stage = ending();
      assertRow(stage, "pod-ends");
      const told = await infosOf(() =>
        assertRefused(
          stage.delete("A"),
          "The credential was not deleted: the pod provider-0 still uses it, and did not terminate within its grace period of 30 s. " +
            "The pod's node may be down. Once the pod is gone, the same command deletes the credential",
        ),
      );
      assert(stage.clock.now() >= 45_000 && stage.clock.now() < 50_000, `${stage.clock.now()}`);
      assert.equal(told.length, 1);
      assertRow(stage, "pod-ends");
    });

    it("pod-ends: the deletion is refused if another pod starts with the credential and stays", async () => {
      const stage = ending();
      stage.clock.after(5, () => {
        stage.provider.secondsToEnd = undefined;
      });
      await infosOf(() => assertRefused(stage.delete("A"), stillRuns));
      assert.equal(stage.clock.now(), 5_000);
    });

    /** The release and its Secret are deleted, and the pod is terminating. */
    function ending(): Stage {
      const stage = Stage.inUse();
      stage.provider.stored = undefined;
      stage.provider.secondsToEnd = 30;
      return stage;
    }

    it("destroyed: nothing is refused once the pod is gone", async () => {
      const stage = Stage.inUse();
      stage.provider.running = undefined;
      stage.provider.stored = undefined;
      await stage.delete("A");
      assertRow(stage, "destroyed");
    });
  });

  describe("has a second consumer without a pod, where", () => {
    const certManager = () => new FakeConsumer("wildcard-gcp-dns");
    const stillHolds =
      "The credential was not deleted: the Secret wildcard-gcp-dns still contains it. Once the Secret contains the new one, delete the old one with: pulumi up -s home";

    it("second-behind: its Secret's credential is not deleted, and no third one is created", async () => {
      const stage = await Stage.created(certManager());
      stage.provider.store("B");
      stage.provider.roll();
      assertRow(stage, "second-behind");
      assert.deepEqual(await stage.orphansRemoved("B"), []);
      await assertRefused(stage.delete("A"), stillHolds);
      await assertNoThird(stage);
      assertRow(stage, "second-behind");
    });

    it("second-behind: the first consumer's pod protects a credential that the second one no longer has", async () => {
      const second = certManager();
      const stage = await Stage.created(second);
      second.store("B");
      assert.deepEqual(await stage.orphansRemoved("B"), []);
      await assertRefused(stage.delete("A"), stillRuns);
    });

    it("second-done: the old credential is deleted, and only the first consumer's Secret has the annotations", async () => {
      const second = certManager();
      const stage = await Stage.created(second);
      for (const consumer of stage.consumers) {
        consumer.store("B");
        consumer.roll();
      }
      await stage.delete("A");
      assertRow(stage, "second-done");
      assert.deepEqual(second.patches, []);
      await assertRefused(stage.delete("B"), stillRuns);
    });

    it("second-done: the next up deletes the old credential, if this one was interrupted before", async () => {
      const stage = await Stage.created(certManager());
      for (const consumer of stage.consumers) {
        consumer.store("B");
        consumer.roll();
      }
      assert.deepEqual(await stage.orphansRemoved("B"), ["A"]);
      assertRow(stage, "second-done");
    });

    it("second-done: an orphan is deleted", async () => {
      const stage = Stage.inUse(certManager());
      stage.cloud.ids.push("O");
      assert.deepEqual(await stage.orphansRemoved("A"), ["O"]);
    });

    it("second-behind: its Secret may not exist yet", async () => {
      const stage = await Stage.created(certManager());
      const [, second] = stage.consumers;
      assert(second !== undefined);
      second.stored = undefined;
      stage.provider.store("B");
      stage.provider.roll();
      assert.deepEqual(await stage.orphansRemoved("B"), ["A"]);
    });

    it("secret-deleted: the loss of only the first one's Secret suffices to keep all", async () => {
      const stage = Stage.inUse(certManager());
      stage.provider.stored = undefined;
      stage.cloud.ids.push("O");
      assert.deepEqual(await stage.orphansRemoved("A"), []);
    });
  });

  describe("continues with the wildcard's Secret after a change of the challenge, and", () => {
    const wildcard = () => new FakeConsumer("wildcard-gcp-dns");
    const podAlone = () => new FakeConsumer(undefined, "provider-0");

    it("records on it while the provider has no Secret, and refuses a third credential", async () => {
      const second = wildcard();
      const stage = new Stage(["A"], [fakeProvider(), second]);
      second.store("A");
      await stage.create("B");
      assert.deepEqual(second.shown, "A A B A");
      await assertNoThird(stage);
      // The provider's Secret exists, and no pod uses it yet.
      stage.provider.store("B");
      assert.deepEqual(await stage.orphansRemoved("B"), []);
      await assertRefused(
        stage.delete("A"),
        "The credential was not deleted: the Secret wildcard-gcp-dns still contains it. Once the Secret contains the new one, delete the old one with: pulumi up -s home",
      );
    });

    it("records on the provider's Secret once it exists, regardless of the other one's record of an earlier rotation", async () => {
      const second = wildcard();
      const stage = new Stage(["B"], [fakeProvider(), second]);
      second.stored = { [next]: "B", [previous]: "A" };
      for (const consumer of stage.consumers) {
        consumer.store("B");
        consumer.roll();
      }
      await stage.create("C");
      assert.deepEqual(stage.shown.secrets, ["B B C B", "B B B A"]);
      await assertRefused(stage.create("D"), unfinished.replace("A and B", "B and C"));
    });

    it("with HTTP-01 keeps the pod's credential, which the other Secret no longer has", async () => {
      const first = wildcard();
      const pod = podAlone();
      const stage = new Stage(["A", "B"], [first, pod]);
      first.store("B");
      pod.running = digest("A");
      assert.deepEqual(await stage.orphansRemoved("B"), []);
      await assertRefused(stage.delete("A"), stillRuns);
      pod.running = undefined;
      await stage.delete("A");
      await assertRefused(
        stage.delete("B"),
        "The credential was not deleted: the Secret wildcard-gcp-dns still contains it. Once the Secret contains the new one, delete the old one with: pulumi up -s home",
      );
    });

    it("with HTTP-01 rotates with only this Secret", async () => {
      const first = wildcard();
      const stage = new Stage(["A"], [first, podAlone()]);
      first.store("A");
      await stage.create("B");
      assert.deepEqual(first.shown, "A A B A");
      await assertNoThird(stage);
      first.store("B");
      await stage.delete("A");
      assert.deepEqual(stage.cloud.ids, ["B"]);
    });
  });

  it("deletes a credential without a digest, such as an imported one, which no consumer can use", async () => {
    await Stage.inUse().rotation.refuseWhileInUse(undefined);
  });

  describe("on the page", () => {
    const ids = protocolRows.map(({ id }) => id);

    it("has each of its rows tested, and no other", function () {
      const suite = this.test?.parent?.parent;
      assert(suite !== undefined);
      const tested = new Set<string>();
      suite.eachTest(({ title }) => {
        const [, id] = /^([a-z0-9-]+): /.exec(title) ?? [];
        if (id !== undefined) {
          tested.add(id);
        }
      });
      assert.deepEqual([...tested].sort(), [...ids].sort());
      assert.equal(new Set(ids).size, ids.length, "a row is there twice");
    });

    it("is drawn with rows of its table", () => {
      assert(rowsOfDiagram.length > 10, rowsOfDiagram.join());
      assert.deepEqual(
        rowsOfDiagram.filter((id) => !ids.includes(id)),
        [],
      );
    });
  });
});
