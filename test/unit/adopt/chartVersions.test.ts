import assert from "node:assert/strict";
import { chartRefusals, pinnedChart } from "../../../adopt/chartVersions.ts";
import { chartVersion } from "../../../chart/release.ts";

describe("the deployed chart's version", () => {
  it("is kept where the repairs support it", () => {
    assert.equal(pinnedChart("14.0.8"), "14.0.8");
    assert.equal(pinnedChart("15.1.0-rc0"), "15.1.0-rc0");
  });

  it("needs no setting where it is the program's own", () => {
    assert.equal(pinnedChart(chartVersion), undefined);
  });

  it("is upgraded to the program's own where the repairs do not support it", () => {
    assert.equal(pinnedChart("12.1.2"), undefined);
    assert.deepEqual(chartRefusals("12.1.2", {}, "x"), []);
  });

  it("is refused where Helm cannot upgrade it", () => {
    const [refusal] = chartRefusals("11.6.5", { namespace: "n", kubeContext: "c" }, "x");
    assert.match(
      refusal?.problem ?? "",
      /: kubectl --context c -n n delete statefulset x --cascade=orphan\. .*: kubectl --context c -n n delete pod x-0 --wait=false$/,
    );
  });
});
