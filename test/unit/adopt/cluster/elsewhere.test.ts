import assert from "node:assert/strict";
import type { V1Secret } from "@kubernetes/client-node";
import { elsewhereText } from "../../../../adopt/cluster/elsewhere.ts";
import { encodeRecord } from "../../../../lib/helmRecord.ts";
import { record } from "./record.ts";

/** The Secret of a release's only revision. */
function revision(namespace: string, chart: string): V1Secret {
  const release = record({
    name: `${namespace}-release`,
    chart: { metadata: { name: chart, version: "19.0.2" } },
  });
  return { metadata: { namespace }, data: encodeRecord(release) };
}

describe("a release that is not where it was looked for", () => {
  it("is found beside records that cannot be read", () => {
    const damaged: V1Secret = {
      metadata: { namespace: "broken", name: "sh.helm.release.v1.broken.v1" },
      data: { release: "AAAA" },
    };
    const foreign: V1Secret = { data: encodeRecord({} as never) };
    assert.match(
      elsewhereText([damaged, foreign, revision("other", "nginx"), revision("akash", "provider")]),
      /elsewhere; add --namespace akash --release akash-release\.$/,
    );
  });

  it("is said to be nowhere else only where that was looked for", () => {
    assert.match(elsewhereText([]), /: helm list -A$/);
    assert.match(elsewhereText([], "prod-eu"), /: helm --kube-context prod-eu list -A$/);
    assert.match(elsewhereText(undefined), /may not look into the other namespaces/);
  });
});
