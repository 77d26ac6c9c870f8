import assert from "node:assert/strict";
import { RunError } from "@pulumi/pulumi";
import { owner, ownerAnnotation, ownerHook, refuseOtherOwner } from "../../../components/owner.ts";
import { FakeCluster } from "../../support/fakeCluster.ts";
import { runProgram } from "../../support/mocks.ts";

describe("the owner of a provider", () => {
  const secret = { namespace: "akash", name: "home-keys", releaseName: "home" };
  const self = "akash-provider-letsencrypt/home";
  const ownedBy = (stack: string) => ({ [ownerAnnotation]: stack, "other/annotation": "text" });

  const message = (other: string, stack: string) =>
    `The release home in namespace akash belongs to the stack ${other}. A cluster can have only one provider: ` +
    `destroy that stack first (pulumi destroy -s ${stack} --run-program), or change the CA of that stack (pulumi config set -s ${stack} acmeDirectory production)`;

  it("is the stack, with its project", async () => {
    await runProgram("home", () => ({}));
    assert.equal(owner(), self);
    assert.equal(ownerAnnotation, "akash-provider-letsencrypt/stack");
  });

  it("may be unknown: the Secret does not exist, or no stack has created it", () => {
    refuseOtherOwner(secret, undefined, self);
    refuseOtherOwner(secret, {}, self);
    refuseOtherOwner(secret, { "other/annotation": "text" }, self);
  });

  it("may be this stack", () => {
    refuseOtherOwner(secret, ownedBy(self), self);
  });

  it("is refused if it is another stack, with the remedy", () => {
    for (const [other, stack] of [
      ["akash-provider-letsencrypt/staging", "staging"],
      // A stack of the same name in another project is another stack.
      ["own-program/home", "home"],
      ["staging", "staging"],
    ] as const) {
      assert.throws(
        () => {
          refuseOtherOwner(secret, ownedBy(other), self);
        },
        (error: unknown) => {
          assert(error instanceof RunError, "it would be shown with a stack trace");
          assert.equal(error.message, message(other, stack));
          return true;
        },
      );
    }
  });

  describe("is checked by the hook before the creation of the wallet's Secret", () => {
    let kubernetes: FakeCluster;

    beforeEach(async () => {
      kubernetes = new FakeCluster();
      await runProgram("home", () => ({}));
    });

    async function before(): Promise<void> {
      const { callback, name } = ownerHook("x-owner", kubernetes.cluster(), "home");
      assert.equal(name, "x-owner");
      const newInputs = { metadata: { namespace: "akash", name: "home-keys" } };
      await callback({ urn: "", id: "", name: "x-wallet", type: "", newInputs });
    }

    it("which reads the Secret of the same name and namespace", async () => {
      await before();
      assert.deepEqual(kubernetes.calls, ["read akash/home-keys"]);
    });

    it("which refuses another stack's Secret", async () => {
      const other = "akash-provider-letsencrypt/staging";
      kubernetes.setSecret("akash/home-keys", { annotations: ownedBy(other) });
      await assert.rejects(before(), { message: message(other, "staging") });
    });

    it("which accepts this stack's Secret, and one without annotations", async () => {
      kubernetes.setSecret("akash/home-keys", { annotations: ownedBy(self) });
      await before();
      kubernetes.setSecret("akash/home-keys", {});
      await before();
    });

    it("which fails if the cluster does not respond", async () => {
      kubernetes.failure = 500;
      await assert.rejects(before(), /500/);
    });
  });
});
