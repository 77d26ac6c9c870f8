import assert from "node:assert/strict";
import { readPurposefulDifferences, readRelease, whyWithout } from "../../support/release.ts";

describe("the release of existing stacks", () => {
  it("is identified by version and commit, with a list of the intended differences", () => {
    assert.match(readRelease().version, /^\d+\.\d+\.\d+$/);
    assert.doesNotThrow(readPurposefulDifferences);
  });

  it("is skipped if it is missing from the history, with the command that fetches it", function () {
    const commit = "0123456789".repeat(4);
    const reason = whyWithout({ version: "9.9.9", commit });
    if (reason?.startsWith("git does not run") === true) {
      this.skip();
    }
    assert.equal(
      reason,
      "release 9.9.9 is missing from the history here (0123456): git fetch --unshallow",
    );
  });

  it("is skipped without git", () => {
    const path = process.env.PATH;
    process.env.PATH = "/nonexistent";
    try {
      assert.match(whyWithout(readRelease()) ?? "", /^git does not run \(.*ENOENT/);
    } finally {
      process.env.PATH = path;
    }
  });
});
