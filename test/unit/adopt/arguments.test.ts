import assert from "node:assert/strict";
import { parseArguments } from "../../../adopt/arguments.ts";

describe("the arguments of adopt", () => {
  it("are the file, the stack and options", () => {
    const line = ["provider.yaml", "-s", "prod", "--namespace", "ns", "--zone", "z", "--dry-run"];
    assert.deepEqual(parseArguments(line), {
      file: "provider.yaml",
      stack: "prod",
      namespace: "ns",
      releaseName: undefined,
      zone: "z",
      dryRun: true,
      json: false,
    });
  });

  it("name no file where the stack's own settings are to count", () => {
    assert.equal(parseArguments(["-s", "prod"])?.file, undefined);
  });

  it("ask for help", () => {
    assert.equal(parseArguments(["--help"]), undefined);
  });

  for (const [what, line] of [
    ["with a zone and no file", ["-s", "prod", "--zone", "z"]],
    ["with two files", ["a.yaml", "b.yaml", "-s", "prod"]],
    ["without a stack", ["a.yaml"]],
    ["with a stack that is not named", ["a.yaml", "-s"]],
    ["with an unknown option", ["a.yaml", "-s", "prod", "--force"]],
  ] as const) {
    it(`are wrong ${what}`, () => {
      assert.throws(() => parseArguments(line), { name: "UsageError", message: /--help\.$/ });
    });
  }
});
