import assert from "node:assert/strict";
import type { V1ObjectMeta } from "@kubernetes/client-node";
import {
  removePendingRevision,
  pendingReleaseHook,
  type ReleaseOperation,
  type RevisionSecrets,
} from "../../../components/pendingRelease.ts";
import type { Clock } from "../../../components/clock.ts";
import { FakeCluster } from "../../support/fakeCluster.ts";
import { runProgram } from "../../support/mocks.ts";
import { warningsOf } from "../../support/warnings.ts";

/** The start time of each test, in seconds since 1970. */
const begin = 1_800_000_000;

/** Helm's label of a revision's Secret. */
interface Revision {
  readonly version: number;
  readonly status: string;
  /** In seconds after the start of the test. */
  readonly createdAt?: number;
  readonly modifiedAt?: number;
}

/** Helm's history of a release, which changes over time. */
class FakeHelm implements RevisionSecrets, Clock {
  readonly removed: string[] = [];
  #revisions: readonly Revision[];
  readonly #later: { readonly at: number; readonly revisions: readonly Revision[] }[] = [];
  #elapsed = 0;

  constructor(...revisions: readonly Revision[]) {
    this.#revisions = revisions;
  }

  /** The history after a number of seconds. */
  after(seconds: number, ...revisions: readonly Revision[]): this {
    this.#later.push({ at: seconds, revisions });
    return this;
  }

  /** How long the test has waited, in seconds. */
  get elapsed(): number {
    return this.#elapsed / 1_000;
  }

  now = () => begin * 1_000 + this.#elapsed;

  wait = (milliseconds: number) => {
    this.#elapsed += milliseconds;
    assert(this.elapsed < 1_000, "it waits for ever");
    this.#revisions =
      this.#later.findLast(({ at }) => at <= this.elapsed)?.revisions ?? this.#revisions;
    return Promise.resolve();
  };

  list = () => Promise.resolve(this.#revisions.map(metadata));

  remove = (name: string) => {
    this.removed.push(name);
    return Promise.resolve();
  };
}

function metadata({ version, status, createdAt, modifiedAt }: Revision): V1ObjectMeta {
  return {
    name: `sh.helm.release.v1.home.v${version}`,
    labels: {
      ...{ owner: "helm", name: "home", version: String(version), status },
      ...(createdAt !== undefined && { createdAt: String(begin + createdAt) }),
      ...(modifiedAt !== undefined && { modifiedAt: String(begin + modifiedAt) }),
    },
  };
}

const operation: ReleaseOperation = { namespace: "akash", releaseName: "home", timeout: 60 };

/** Runs removePendingRevision, and returns its warnings. */
function madeWay(helm: FakeHelm, more: Partial<ReleaseOperation> = {}): Promise<readonly string[]> {
  return warningsOf(() => removePendingRevision(helm, { ...operation, ...more }, helm));
}

const waiting = (version: number, status: string, seconds: number) =>
  `Revision ${version} of the release home is ${status}: another run is in progress, or was interrupted. Waiting up to ${seconds} s for it to finish. ` +
  `If no other run is in progress, delete the revision's Secret: kubectl -n akash delete secret sh.helm.release.v1.home.v${version}`;
const removed = (version: number, status: string) =>
  `An interrupted run left revision ${version} of the release home in the status ${status}. Deleted this revision's Secret, to continue from the previous revision`;

describe("before a Helm operation", () => {
  const deployed: Revision = { version: 1, status: "deployed", createdAt: -500 };

  it("continues without a wait where no revision is pending", async () => {
    const histories: readonly (readonly Revision[])[] = [
      [],
      [deployed],
      [deployed, { version: 2, status: "failed", createdAt: -5 }],
      [{ version: 1, status: "uninstalling", createdAt: -500 }],
      [{ version: 1, status: "unknown", createdAt: -500 }],
      // A manual rollback skips a revision that was left pending.
      [deployed, { version: 2, status: "pending-upgrade" }, { version: 3, status: "deployed" }],
    ];
    for (const history of histories) {
      const helm = new FakeHelm(...history);
      assert.deepEqual(await madeWay(helm), []);
      assert.deepEqual([helm.elapsed, helm.removed], [0, []]);
    }
  });

  for (const status of ["pending-install", "pending-upgrade", "pending-rollback"]) {
    const pending: Revision = { version: 2, status, createdAt: -10 };

    it(`waits while a revision is ${status}, and 20 s more, and deletes nothing`, async () => {
      const helm = new FakeHelm(deployed, pending).after(5, deployed, {
        ...pending,
        status: "deployed",
      });
      assert.deepEqual(await madeWay(helm), [waiting(2, status, 80)]);
      assert.deepEqual(helm.removed, []);
      // It was last seen pending in the fourth second.
      assert.equal(helm.elapsed, 24);
    });

    it(`deletes a revision that is ${status} for longer than an operation can take`, async () => {
      const helm = new FakeHelm(deployed, { ...pending, createdAt: -91 });
      assert.deepEqual(await madeWay(helm), [waiting(2, status, 0), removed(2, status)]);
      assert.deepEqual(helm.removed, ["sh.helm.release.v1.home.v2"]);
      assert.equal(helm.elapsed, 0);
    });

    it(`deletes a revision as soon as it is ${status} for longer than the timeout and 30 s`, async () => {
      const helm = new FakeHelm(deployed, { ...pending, createdAt: -60 });
      assert.deepEqual(await madeWay(helm), [waiting(2, status, 30), removed(2, status)]);
      assert.equal(helm.elapsed, 30);
    });
  }

  it("waits for the timeout of the release", async () => {
    const helm = new FakeHelm({ version: 1, status: "pending-install", createdAt: 0 });
    assert.deepEqual(await madeWay(helm, { timeout: 600 }), [
      waiting(1, "pending-install", 630),
      removed(1, "pending-install"),
    ]);
    assert.equal(helm.elapsed, 630);
  });

  describe("with a rollback after a failure", () => {
    const failed: Revision = { version: 2, status: "failed", createdAt: -10, modifiedAt: 5 };

    it("does not continue between the failure and the rollback", async () => {
      const rollback: Revision = { version: 3, status: "pending-rollback", createdAt: 20 };
      const helm = new FakeHelm(deployed, { ...failed, status: "pending-upgrade" })
        .after(5, deployed, failed)
        .after(20, deployed, failed, rollback)
        .after(50, failed, { ...rollback, status: "deployed" });
      const warnings = await madeWay(helm);
      assert.equal(warnings.length, 1);
      assert.deepEqual(helm.removed, []);
      assert.equal(helm.elapsed, 69, "20 s after the rollback was last seen");
    });

    it("deletes the revision of a rollback that stays pending, by the rollback's own time", async () => {
      const helm = new FakeHelm(deployed, { ...failed, modifiedAt: -10, status: "pending-upgrade" })
        .after(5, deployed, failed)
        .after(20, deployed, failed, { version: 3, status: "pending-rollback", createdAt: 20 });
      assert.deepEqual(await madeWay(helm), [
        waiting(2, "pending-upgrade", 80),
        removed(3, "pending-rollback"),
      ]);
      assert.deepEqual(helm.removed, ["sh.helm.release.v1.home.v3"]);
      assert.equal(helm.elapsed, 110);
    });
  });

  describe("with revisions in any order", () => {
    const old: Revision = { version: 2, status: "superseded", createdAt: -900 };

    it("deletes the last one by number, not in alphabetical order", async () => {
      const helm = new FakeHelm({ version: 10, status: "pending-upgrade", createdAt: -100 }, old, {
        version: 9,
        status: "deployed",
        createdAt: -500,
      });
      await madeWay(helm);
      assert.deepEqual(helm.removed, ["sh.helm.release.v1.home.v10"]);
    });

    it("continues where the last one is not pending", async () => {
      const helm = new FakeHelm(
        { version: 10, status: "deployed", createdAt: -100 },
        { version: 9, status: "pending-upgrade", createdAt: -500 },
        old,
      );
      assert.deepEqual(await madeWay(helm), []);
      assert.deepEqual(helm.removed, []);
    });
  });

  describe("counts the time", () => {
    const pending = (times: Partial<Revision>) =>
      new FakeHelm({ version: 1, status: "pending-upgrade", ...times });

    it("from the last change of the revision, where there was one", async () => {
      const helm = pending({ createdAt: -1_000, modifiedAt: -50 });
      await madeWay(helm);
      assert.equal(helm.elapsed, 40);
    });

    it("from its creation, where there was none", async () => {
      const helm = pending({ createdAt: -50 });
      await madeWay(helm);
      assert.equal(helm.elapsed, 40);
    });

    it("as expired, where neither is known", async () => {
      const helm = pending({});
      await madeWay(helm);
      assert.deepEqual([helm.elapsed, helm.removed.length], [0, 1]);
    });
  });

  it("names the stack's context in the command", async () => {
    const helm = new FakeHelm({ version: 1, status: "pending-install", createdAt: -500 });
    const [warning] = await madeWay(helm, { kubeContext: "prod" });
    assert.match(
      warning ?? "",
      /kubectl --context prod -n akash delete secret sh\.helm\.release\.v1\.home\.v1$/,
    );
  });

  it("fails where the revision's Secret cannot be deleted", async () => {
    const helm = new FakeHelm({ version: 1, status: "pending-install", createdAt: -500 });
    helm.remove = () => Promise.reject(new Error("forbidden"));
    await assert.rejects(madeWay(helm), /forbidden/);
  });

  describe("its hook", () => {
    const inputs = { namespace: "akash", name: "home", timeout: 60 };
    const secret = "akash/sh.helm.release.v1.home.v3";

    /** Calls the hook for a release. */
    async function before(kubernetes: FakeCluster): Promise<readonly string[]> {
      const { callback, name } = pendingReleaseHook(
        "x-pending-release",
        kubernetes.cluster("prod"),
      );
      assert.equal(name, "x-pending-release");
      return warningsOf(async () =>
        callback({ urn: "", id: "", name: "x-release", type: "", newInputs: inputs }),
      );
    }

    beforeEach(() => runProgram("home", () => ({})));

    it("deletes the pending revision of the hook's release, in its cluster", async () => {
      const kubernetes = new FakeCluster();
      kubernetes.setSecret(
        secret,
        metadata({ version: 3, status: "pending-upgrade", createdAt: -1e9 }),
      );
      const [warning, end] = await before(kubernetes);
      assert.match(warning ?? "", /kubectl --context prod -n akash delete secret/);
      assert.equal(end, removed(3, "pending-upgrade"));
      assert.deepEqual(kubernetes.calls, [
        "list akash/owner=helm, name=home",
        "list akash/owner=helm, name=home",
        `delete ${secret}`,
      ]);
      assert.equal(kubernetes.secrets.size, 0);
    });

    it("continues where the release does not exist yet", async () => {
      const kubernetes = new FakeCluster();
      assert.deepEqual(await before(kubernetes), []);
      assert.deepEqual(kubernetes.calls, ["list akash/owner=helm, name=home"]);
    });

    it("fails where the cluster does not respond", async () => {
      const kubernetes = new FakeCluster();
      kubernetes.failure = 500;
      await assert.rejects(before(kubernetes), /500/);
    });
  });
});
