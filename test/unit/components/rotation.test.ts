import assert from "node:assert/strict";
import { RunError } from "@pulumi/pulumi";
import { credentialAnnotations } from "../../../components/dnsCredential/annotations.ts";
import { runProgram } from "../../support/mocks.ts";
import { protocolRows, rowsOfDiagram } from "../../support/protocolPage.ts";
import { digest, fakeProvider, FakeConsumer, Stage } from "../../support/rotation.ts";
import { infosOf, warningsOf } from "../../support/warnings.ts";

/** Each title begins with the row of docs/rotation-protocol.md that it is about. */
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

  /** Asserts that Secret, pod and cloud are as the page says of a row. */
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

  /** Asserts that another rotation is refused, and that nothing is removed for it. */
  async function assertNoThird(stage: Stage, message = unfinished): Promise<void> {
    const before = [...stage.cloud.ids];
    await assertRefused(stage.create("C"), message);
    assert.deepEqual(stage.cloud.ids, before);
  }

  describe("begins, where", () => {
    it("first-room: all credentials are removed, since no consumer carries one", async () => {
      const stage = new Stage(["O"]);
      const warnings = await warningsOf(() => stage.rotation.makeRoom(stage.cloud));
      assertRow(stage, "first-room");
      assert.deepEqual(warnings, ["Deleted the orphan credential O of an interrupted run"]);
    });

    it("first-created: the first credential is made, and there is nothing to note it on", async () => {
      const stage = new Stage();
      await stage.create("A");
      assertRow(stage, "first-created");
      assert.deepEqual(await stage.orphansRemoved("A"), []);
    });

    it("first-created: one whose answer was lost is removed before another is made", async () => {
      const stage = new Stage(["A"]);
      await warningsOf(() => stage.create("B"));
      assert.deepEqual([stage.cloud.removed, stage.cloud.ids], [["A"], ["B"]]);
    });

    it("first-proof-fails: the next up keeps the credential, and --replace removes it", async () => {
      const stage = new Stage();
      await stage.create("A");
      assertRow(stage, "first-proof-fails");
      assert.deepEqual(await stage.orphansRemoved("A"), []);
      await warningsOf(() => stage.create("B"));
      assert.deepEqual([stage.cloud.removed, stage.cloud.ids], [["A"], ["B"]]);
    });

    it("first-stored: no pod carries the credential, and it is kept", async () => {
      const stage = new Stage();
      await stage.create("A");
      stage.provider.store("A");
      assertRow(stage, "first-stored");
      assert.deepEqual(await stage.orphansRemoved("A"), []);
    });

    it("first-running: an orphan is removed by any up, and nothing else", async () => {
      const stage = Stage.inUse();
      assertRow(stage, "first-running");
      stage.cloud.ids.push("O");
      assert.deepEqual(await stage.orphansRemoved("A"), ["O"]);
      assertRow(stage, "first-running");
    });

    it("first-running: a pod of HTTP-01 carries none, so that orphans can be told", async () => {
      const stage = new Stage(["O"]);
      stage.provider.running = undefined;
      await warningsOf(() => stage.create("A"));
      stage.provider.store("A");
      stage.provider.roll();
      assertRow(stage, "first-running");
    });
  });

  describe("goes on, where", () => {
    it("room: all orphans are removed, and what is in use is not", async () => {
      const stage = Stage.inUse();
      stage.cloud.ids.push("O", "another");
      const warnings = await warningsOf(() => stage.rotation.makeRoom(stage.cloud));
      assertRow(stage, "room");
      assert.deepEqual(stage.cloud.removed, ["O", "another"]);
      assert.equal(warnings.length, 2);
      assert.deepEqual(stage.provider.patches, [], "something was noted");
    });

    it("answer-lost: the next up removes the orphan, though it changes nothing", async () => {
      const stage = Stage.inUse();
      await stage.rotation.makeRoom(stage.cloud);
      stage.cloud.ids.push("B");
      assertRow(stage, "answer-lost");
      assert.deepEqual(await stage.orphansRemoved("A"), ["B"]);
      assertRow(stage, "first-running");
    });

    it("answer-lost: so does the next rotation", async () => {
      const stage = Stage.inUse();
      stage.cloud.ids.push("B");
      await warningsOf(() => stage.create("C"));
      assert.deepEqual(stage.cloud.ids, ["A", "C"]);
    });

    it("created: the new credential is noted as next, the one in use as previous, and nothing else", async () => {
      const stage = await Stage.created();
      assertRow(stage, "created");
      assert.deepEqual(stage.provider.patches, [{ [next]: "B", [previous]: "A" }]);
      assert.deepEqual(await stage.orphansRemoved("B"), []);
      assertRow(stage, "created");
    });

    it("created: one that the state does not have is an orphan", async () => {
      const stage = await Stage.created();
      assert.deepEqual(await stage.orphansRemoved("A"), ["B"]);
      await stage.create("C");
      assert.equal(stage.provider.shown, "A A C A");
    });

    it("note-lost: the run fails, and the next up keeps both", async () => {
      const stage = Stage.inUse();
      stage.provider.takesAnnotations = false;
      await assert.rejects(stage.create("B"), /the cluster does not answer/);
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

    it("third-refused: another rotation is refused at every step before the pod is the new one", async () => {
      const stage = await Stage.created();
      await assertNoThird(stage);
      assertRow(stage, "third-refused");
      stage.provider.store("B");
      await assertNoThird(stage, unfinished);
      stage.provider.roll();
      await warningsOf(() => stage.create("C"));
      assert.deepEqual(stage.cloud.ids, ["B", "C"]);
    });

    it("deletion-refused: the pod still runs with the credential", async () => {
      const stage = await Stage.created();
      await assertRefused(stage.delete("A"), stillRuns);
      assertRow(stage, "deletion-refused");
    });

    it("deletion-refused: not while there is no pod, which `pulumi destroy` relies on", async () => {
      const stage = await Stage.created();
      stage.provider.running = undefined;
      await stage.delete("A");
      assert.deepEqual(stage.cloud.ids, ["B"]);
    });

    it("stored: the one that the pod has is kept, and not deleted", async () => {
      const stage = await Stage.created();
      stage.provider.store("B");
      assertRow(stage, "stored");
      assert.deepEqual(await stage.orphansRemoved("B"), []);
      await assertRefused(stage.delete("A"), stillRuns);
      assertRow(stage, "stored");
    });

    it("stored: an orphan is removed all the same", async () => {
      const stage = await Stage.created();
      stage.provider.store("B");
      stage.cloud.ids.push("O");
      assert.deepEqual(await stage.orphansRemoved("B"), ["O"]);
    });

    it("upgrading: the one that the pod had is kept, also while there is no pod", async () => {
      const stage = await Stage.created();
      stage.provider.store("B");
      assertRow(stage, "upgrading");
      stage.provider.running = undefined;
      assert.deepEqual(await stage.orphansRemoved("B"), []);
      await assertNoThird(stage);
      assert.deepEqual(stage.cloud.ids, ["A", "B"]);
    });

    it("note-lost-stored: nothing says what the pod has, so that nothing is removed until it is the new one", async () => {
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

    it("note-lost-stored: the note of an earlier rotation does not pass for this one's", async () => {
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

    it("rolled: the old credential is removed by the next up, where this one did not come to it", async () => {
      const stage = await Stage.created();
      stage.provider.store("B");
      stage.provider.roll();
      assertRow(stage, "rolled");
      assert.deepEqual(await stage.orphansRemoved("B"), ["A"]);
      await stage.delete("A");
      assertRow(stage, "deleted");
    });

    it("deletion-failed: the next up removes what the cloud has refused to delete", async () => {
      const stage = await Stage.created();
      stage.provider.store("B");
      stage.provider.roll();
      await stage.rotation.refuseWhileInUse(digest("A"));
      assertRow(stage, "deletion-failed");
      assert.deepEqual(await stage.orphansRemoved("B"), ["A"]);
      assertRow(stage, "deleted");
    });

    it("deleted: the old credential goes, which the pod does not carry any more", async () => {
      const stage = await Stage.created();
      stage.provider.store("B");
      stage.provider.roll();
      await stage.delete("A");
      assertRow(stage, "deleted");
      assert.deepEqual(await stage.orphansRemoved("B"), []);
      await assertRefused(stage.delete("B"), stillRuns);
    });

    it("created-again: the next rotation overwrites what the last one has noted", async () => {
      const stage = await Stage.created();
      stage.provider.store("B");
      stage.provider.roll();
      await stage.delete("A");
      await stage.create("C");
      assertRow(stage, "created-again");
      assert.deepEqual(stage.provider.patches.at(-1), { [next]: "C", [previous]: "B" });
    });
  });

  describe("takes care, where", () => {
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

    it("not-listed: a warning says so, and the rotation goes on", async () => {
      const stage = Stage.inUse();
      stage.cloud.ids.push("O");
      stage.cloud.lists = false;
      const warnings = await warningsOf(() => stage.rotation.makeRoom(stage.cloud));
      assertRow(stage, "not-listed");
      assert.deepEqual(warnings, [
        "Could not check for orphan credentials of interrupted runs: may not list them",
      ]);
    });

    it("secret-deleted: nothing is removed, and the one that the pod has is not deleted", async () => {
      const stage = Stage.inUse();
      stage.provider.stored = undefined;
      stage.cloud.ids.push("O");
      assertRow(stage, "secret-deleted");
      assert.deepEqual(await stage.orphansRemoved("A"), []);
      await assertRefused(stage.delete("A"), stillRuns);
      await assertNoThird(stage, unknown.replace("A and B", "A and O"));
      assertRow(stage, "secret-deleted");
    });

    it("secret-deleted: a rotation from there keeps both until the pod is the new one", async () => {
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

  describe("ends, or begins elsewhere, where", () => {
    it("http-01: the credential is deleted once the pod does without", async () => {
      // The program no longer says which Secret it was.
      const stage = new Stage(["A"], [new FakeConsumer(undefined, "provider-0")]);
      stage.provider.running = digest("A");
      await assertRefused(stage.delete("A"), stillRuns);
      stage.provider.roll();
      await stage.delete("A");
      assertRow(stage, "http-01");
    });

    it("other-cloud-created: there is nothing to note it on, and nothing is removed", async () => {
      const stage = switched();
      await stage.create("C");
      assertRow(stage, "other-cloud-created");
      stage.cloud.ids.push("O");
      assert.deepEqual(await stage.orphansRemoved("C"), []);
      await assertRefused(stage.delete("A"), stillRuns);
    });

    it("other-cloud-stored: the same, until the pod is the new one", async () => {
      const stage = switched();
      await stage.create("C");
      stage.provider.store("C");
      assertRow(stage, "other-cloud-stored");
      stage.cloud.ids.push("O");
      assert.deepEqual(await stage.orphansRemoved("C"), []);
      await assertRefused(stage.delete("A"), stillRuns);
    });

    it("other-cloud: the old cloud's credential is deleted, and orphans can be told again", async () => {
      const stage = switched();
      await stage.create("C");
      stage.provider.store("C");
      stage.provider.roll();
      await stage.delete("A");
      assertRow(stage, "other-cloud");
      stage.cloud.ids.push("O");
      assert.deepEqual(await stage.orphansRemoved("C"), ["O"]);
    });

    /** The pod has A, the Secret is one that is yet to be made, and so is all at the cloud. */
    function switched(): Stage {
      const stage = new Stage();
      stage.provider.running = digest("A");
      return stage;
    }

    it("brought: nothing has an id, and the pod is told from one with another", () => {
      const stage = new Stage();
      stage.provider.storeBrought("D");
      stage.provider.roll();
      assertRow(stage, "brought");
    });

    it("brought-replaced: the note has no previous, and nothing is removed until the pod is the new one", async () => {
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

    it("state-lost: the credential that the state has no more is removed when the pod has another", async () => {
      const stage = await Stage.created();
      assertRow(stage, "state-lost");
      stage.provider.store("B");
      assert.deepEqual(await stage.orphansRemoved("B"), []);
      stage.provider.roll();
      assert.deepEqual(await stage.orphansRemoved("B"), ["A"]);
    });

    it("pod-ends: the credential is deleted as soon as the pod is gone that is going", async () => {
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

    it("pod-ends: nothing is said of two seconds", async () => {
      const stage = ending();
      stage.clock.after(2, () => {
        stage.provider.running = undefined;
      });
      assert.deepEqual(await infosOf(() => stage.delete("A")), []);
      assert.deepEqual(stage.cloud.ids, []);
    });

    it("pod-ends: it is refused when the pod is still there after its grace period and a margin", async () => {
      const stage = ending();
      assertRow(stage, "pod-ends");
      const told = await infosOf(() =>
        assertRefused(
          stage.delete("A"),
          "The credential was not deleted: the pod provider-0 still uses it, and did not terminate within its 30 s. " +
            "The pod's node may be down. Once the pod is gone, the same command deletes the credential",
        ),
      );
      assert(stage.clock.now() >= 45_000 && stage.clock.now() < 50_000, `${stage.clock.now()}`);
      assert.equal(told.length, 1);
      assertRow(stage, "pod-ends");
    });

    it("pod-ends: it is refused when another pod comes with the credential, which stays", async () => {
      const stage = ending();
      stage.clock.after(5, () => {
        stage.provider.secondsToEnd = undefined;
      });
      await infosOf(() => assertRefused(stage.delete("A"), stillRuns));
      assert.equal(stage.clock.now(), 5_000);
    });

    /** The release and its Secret are deleted, and the pod is about to go. */
    function ending(): Stage {
      const stage = Stage.inUse();
      stage.provider.stored = undefined;
      stage.provider.secondsToEnd = 30;
      return stage;
    }

    it("destroyed: nothing is refused once there is no pod", async () => {
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

    it("second-behind: what its Secret holds is neither removed nor deleted, nor is there a third", async () => {
      const stage = await Stage.created(certManager());
      stage.provider.store("B");
      stage.provider.roll();
      assertRow(stage, "second-behind");
      assert.deepEqual(await stage.orphansRemoved("B"), []);
      await assertRefused(stage.delete("A"), stillHolds);
      await assertNoThird(stage);
      assertRow(stage, "second-behind");
    });

    it("second-behind: the first one's pod protects what the second has no more", async () => {
      const second = certManager();
      const stage = await Stage.created(second);
      second.store("B");
      assert.deepEqual(await stage.orphansRemoved("B"), []);
      await assertRefused(stage.delete("A"), stillRuns);
    });

    it("second-done: the old credential goes, and the first one's Secret alone has the annotations", async () => {
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

    it("second-done: the next up removes the old credential, where this one did not come to it", async () => {
      const stage = await Stage.created(certManager());
      for (const consumer of stage.consumers) {
        consumer.store("B");
        consumer.roll();
      }
      assert.deepEqual(await stage.orphansRemoved("B"), ["A"]);
      assertRow(stage, "second-done");
    });

    it("second-done: an orphan is removed", async () => {
      const stage = Stage.inUse(certManager());
      stage.cloud.ids.push("O");
      assert.deepEqual(await stage.orphansRemoved("A"), ["O"]);
    });

    it("second-behind: it may be yet to be made", async () => {
      const stage = await Stage.created(certManager());
      const [, second] = stage.consumers;
      assert(second !== undefined);
      second.stored = undefined;
      stage.provider.store("B");
      stage.provider.roll();
      assert.deepEqual(await stage.orphansRemoved("B"), ["A"]);
    });

    it("secret-deleted: the first one's alone is enough to keep all", async () => {
      const stage = Stage.inUse(certManager());
      stage.provider.stored = undefined;
      stage.cloud.ids.push("O");
      assert.deepEqual(await stage.orphansRemoved("A"), []);
    });
  });

  describe("goes on with the wildcard's Secret where the challenge is switched, and", () => {
    const wildcard = () => new FakeConsumer("wildcard-gcp-dns");
    const podAlone = () => new FakeConsumer(undefined, "provider-0");

    it("notes on it while the provider has no Secret, and refuses a third credential by it", async () => {
      const second = wildcard();
      const stage = new Stage(["A"], [fakeProvider(), second]);
      second.store("A");
      await stage.create("B");
      assert.deepEqual(second.shown, "A A B A");
      await assertNoThird(stage);
      // The provider's Secret is made, and nothing has begun to run with it.
      stage.provider.store("B");
      assert.deepEqual(await stage.orphansRemoved("B"), []);
      await assertRefused(
        stage.delete("A"),
        "The credential was not deleted: the Secret wildcard-gcp-dns still contains it. Once the Secret contains the new one, delete the old one with: pulumi up -s home",
      );
    });

    it("notes on the provider's once that is there, whatever the other one says of a rotation before", async () => {
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

    it("under HTTP-01 keeps what the pod is still running with, and the other Secret has no more", async () => {
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

    it("under HTTP-01 rotates with the one Secret alone", async () => {
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

  it("deletes what has no digest, as one that was imported: nobody can carry it", async () => {
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
