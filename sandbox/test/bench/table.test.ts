import assert from "node:assert/strict";
import { median, ratio, table } from "../../bench/table.ts";

describe("table of the bench", () => {
  it("shows the median of the measured times", () => {
    assert.equal(median([9, 1, 2]), 2);
    assert.equal(median([4, 1, 2, 9]), 3);
  });

  it("shows a time after its ratio", () => {
    assert.equal(ratio(1.5, 1.2), "1.25 (1.50 s)");
  });

  it("aligns its columns", () => {
    assert.equal(
      table(["", "1 stack"], [["preview", "1.00"]]),
      "          1 stack\npreview      1.00",
    );
  });
});
