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

  it("may be nobody: there is no Secret, or one that no stack has made", () => {
    refuseOtherOwner(secret, undefined, self);
    refuseOtherOwner(secret, {}, self);
    refuseOtherOwner(secret, { "other/annotation": "text" }, self);
  });

  it("may be this stack", () => {
    refuseOtherOwner(secret, ownedBy(self), self);
  });

  it("is refused when it is another stack, with what to do about it", () => {
    for (const [other, stack] of [
      ["akash-provider-letsencrypt/staging", "staging"],
      // The same stack of another project is another.
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

  describe("is asked for by the hook before the wallet's Secret is made", () => {
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

    it("which looks at the Secret of that name and namespace", async () => {
      await before();
      assert.deepEqual(kubernetes.calls, ["read akash/home-keys"]);
    });

    it("which refuses another's", async () => {
      const other = "akash-provider-letsencrypt/staging";
      kubernetes.setSecret("akash/home-keys", { annotations: ownedBy(other) });
      await assert.rejects(before(), { message: message(other, "staging") });
    });

    it("which lets this stack's pass, and one without annotations", async () => {
      kubernetes.setSecret("akash/home-keys", { annotations: ownedBy(self) });
      await before();
      kubernetes.setSecret("akash/home-keys", {});
      await before();
    });

    it("which fails when the cluster does not answer", async () => {
      kubernetes.failure = 500;
      await assert.rejects(before(), /500/);
    });
  });
});
