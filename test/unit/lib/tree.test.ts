import assert from "node:assert/strict";
import { leaves, valueAt, without } from "../../../lib/tree.ts";

describe("a tree of values", () => {
  const tree = { image: { tag: "1" }, list: [{ key: "a" }], empty: {} };

  it("returns the value at a path, and nothing where a path exceeds its maps", () => {
    assert.equal(valueAt(tree, "image.tag"), "1");
    assert.equal(valueAt(tree, "image.tag.length"), undefined);
    assert.equal(valueAt(tree, "list.length"), undefined);
    assert.equal(valueAt(undefined, "image"), undefined);
  });

  it("removes a value, and the map that becomes empty", () => {
    assert.deepEqual(without(tree, "image.tag"), { list: tree.list, empty: {} });
    assert.deepEqual(without(tree, "image.tag.length"), tree);
  });

  it("returns leaves, with lists as one leaf or by item", () => {
    assert.deepEqual(leaves(tree), [
      ["image.tag", "1"],
      ["list", tree.list],
    ]);
    assert.deepEqual(leaves(tree, { lists: true }), [
      ["image.tag", "1"],
      ["list.0.key", "a"],
    ]);
  });
});
