import assert from "node:assert/strict";
import { adoptLine } from "../../../adopt/arguments.ts";

describe("the arguments of adopt", () => {
  it("are the file, the stack and options", () => {
    const line = ["provider.yaml", "-s", "prod", "--namespace", "ns", "--zone", "z", "--dry-run"];
    assert.deepEqual(adoptLine.parse(line), {
      file: "provider.yaml",
      stack: "prod",
      namespace: "ns",
      releaseName: undefined,
      zone: "z",
      dryRun: true,
      json: false,
    });
  });

  it("name no file where the stack's own settings are used", () => {
    assert.equal(adoptLine.parse(["-s", "prod"])?.file, undefined);
  });

  it("request the help text", () => {
    const written: string[] = [];
    assert.equal(
      adoptLine.parse(["--help"], (text) => written.push(text)),
      undefined,
    );
    assert.match(written.join(""), /^Usage: npm run adopt -- /);
  });

  for (const [what, line] of [
    ["with a zone and no file", ["-s", "prod", "--zone", "z"]],
    ["with two files", ["a.yaml", "b.yaml", "-s", "prod"]],
    ["without a stack", ["a.yaml"]],
    ["with a stack that is not named", ["a.yaml", "-s"]],
    ["with an option in the stack's place", ["a.yaml", "-s", "--dry-run"]],
    ["with two stacks", ["a.yaml", "-s", "staging", "-s", "prod"]],
    ["with an empty stack", ["a.yaml", "-s", ""]],
    ["with an empty file", ["", "-s", "prod"]],
    ["with an empty namespace", ["a.yaml", "-s", "prod", "--namespace="]],
    ["with a value where none is taken", ["a.yaml", "-s", "prod", "--dry-run=no"]],
    ["with a stack that is none", ["a.yaml", "-s", "x$(touch y)"]],
    ["with a namespace that is no label", ["a.yaml", "-s", "prod", "--namespace", "x;y"]],
    ["with a release that is no name", ["a.yaml", "-s", "prod", "--release", "x$(touch y)"]],
    ["with an unknown option", ["a.yaml", "-s", "prod", "--force"]],
  ] as const) {
    it(`are wrong ${what}`, () => {
      assert.throws(() => adoptLine.parse(line), { name: "UsageError", message: /--help\.$/ });
    });
  }
});
