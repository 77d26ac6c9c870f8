import assert from "node:assert/strict";
import { readPurposefulDifferences, readRelease, whyWithout } from "../../support/release.ts";

describe("the release that stacks may be of", () => {
  it("is named by version and commit, beside a list of what is meant to differ from it", () => {
    assert.match(readRelease().version, /^\d+\.\d+\.\d+$/);
    assert.doesNotThrow(readPurposefulDifferences);
  });

  it("is done without where the history lacks it, which is told with the command that brings it", function () {
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

  it("is done without where there is no git", () => {
    const path = process.env.PATH;
    process.env.PATH = "/nonexistent";
    try {
      assert.match(whyWithout(readRelease()) ?? "", /^git does not run \(.*ENOENT/);
    } finally {
      process.env.PATH = path;
    }
  });
});
