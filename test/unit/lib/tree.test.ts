import assert from "node:assert/strict";
import { leaves, valueAt, without } from "../../../lib/tree.ts";

const tree = { a: { b: { c: 1 } }, list: [{ d: 2 }], nothing: null };

describe("a tree of values", () => {
  it("has a value at a path, or none", () => {
    assert.equal(valueAt(tree, "a.b.c"), 1);
    assert.equal(valueAt(tree, "a.x.c"), undefined);
    assert.equal(valueAt(tree, "list.0"), undefined);
    assert.equal(valueAt(undefined, "a"), undefined);
  });

  it("is without a value also without the maps that are empty then", () => {
    assert.deepEqual(without(tree, "a.b.c"), { list: [{ d: 2 }], nothing: null });
    assert.deepEqual(without({ a: { b: 1, c: 2 } }, "a.b"), { a: { c: 2 } });
    assert.deepEqual(without(tree, "a.x.c"), tree);
  });

  it("has leaves, of which a list is one", () => {
    assert.deepEqual(leaves(tree), [
      ["a.b.c", 1],
      ["list", [{ d: 2 }]],
      ["nothing", null],
    ]);
  });
});
