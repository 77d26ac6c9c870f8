import assert from "node:assert/strict";
import { deployedOf } from "../../../../adopt/cluster/deployedRevision.ts";
import type { HelmRecord } from "../../../../lib/helmRecord.ts";
import { record } from "./record.ts";

const place = { namespace: "akash-services", releaseName: "akash-provider" };

/** Revisions with these statuses, from the first on. */
function records(statuses: readonly string[], name = "provider"): HelmRecord[] {
  const chart = { metadata: { name, version: "19.0.2" } };
  return statuses.map((status, index) => record({ version: index + 1, info: { status }, chart }));
}

describe("the deployed revision", () => {
  it("is the last revision, in any order of the records", () => {
    const list = records(["superseded", "superseded", "deployed"]).reverse();
    assert.equal(deployedOf(list, place)?.version, 3);
  });

  it("is undefined without a release", () => {
    assert.equal(deployedOf([], place), undefined);
  });

  for (const [statuses, command] of [
    [["superseded", "deployed", "pending-upgrade"], "rollback akash-provider 2"],
    [["superseded", "failed", "failed"], "rollback akash-provider 1"],
    [["failed"], "uninstall akash-provider"],
    [["pending-install"], "uninstall akash-provider"],
  ] as const) {
    it(`is refused after ${statuses.join(", ")} with the command that fixes it`, () => {
      assert.throws(() => deployedOf(records(statuses), place), {
        name: "UserError",
        message: new RegExp(
          `is ${statuses.at(-1) ?? ""}, and .*: helm -n akash-services ${command}$`,
        ),
      });
    });
  }

  it("is refused with a command for the stack's context", () => {
    for (const [statuses, command] of [
      [["superseded", "failed"], "rollback akash-provider 1"],
      [["failed"], "uninstall akash-provider"],
    ] as const) {
      assert.throws(() => deployedOf(records(statuses), place, "prod-eu"), {
        message: new RegExp(`: helm --kube-context prod-eu -n akash-services ${command}$`),
      });
    }
  });

  it("is refused where it is from another chart", () => {
    assert.throws(() => deployedOf(records(["deployed"], "nginx"), place), {
      name: "UserError",
      message: /is from the chart nginx/,
    });
  });
});
