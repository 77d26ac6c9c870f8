import assert from "node:assert/strict";
import { printedExponents } from "../../../../adopt/cluster/printedExponents.ts";
import type { HelmRecord } from "../../../../lib/helmRecord.ts";

describe("numbers with an exponent in a release", () => {
  const found = (config: Record<string, unknown>, manifest: string) =>
    printedExponents({ config, manifest } as HelmRecord);

  it("are those that Helm printed with an exponent, at any depth", () => {
    const config = {
      minimumbalance: 10000000,
      monitor: { maxRetries: 2000000, list: [0.00001] },
      gas: 250000,
      text: "3000000",
    };
    assert.deepEqual(found(config, 'A: "1e+07"\nB: "2e+06"\nC: "1e-05"\nD: "250000"\n'), [
      { path: "minimumbalance", printed: "1e+07", digits: "10000000" },
      { path: "monitor.maxRetries", printed: "2e+06", digits: "2000000" },
      { path: "monitor.list.0", printed: "1e-05", digits: "0.00001" },
    ]);
  });

  it("are none where they were set with --set, or the chart writes them as YAML", () => {
    assert.deepEqual(found({ minimumbalance: 10000000 }, 'A: "10000000"\n'), []);
    assert.deepEqual(found({ resources: { x: 10000000 } }, 'A: "1e+07"\n'), []);
  });
});
