import assert from "node:assert/strict";
import type { V1Secret } from "@kubernetes/client-node";
import { elsewhereText, likeliest } from "../../../../adopt/cluster/elsewhere.ts";
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

describe("a release that is not in the expected place", () => {
  it("is found beside unreadable records", () => {
    const damaged: V1Secret = {
      metadata: { namespace: "broken", name: "sh.helm.release.v1.broken.v1" },
      data: { release: "AAAA" },
    };
    const foreign: V1Secret = { data: encodeRecord({} as never) };
    assert.match(
      elsewhereText([damaged, foreign, revision("other", "nginx"), revision("akash", "provider")]),
      /Another release has Akash.s chart; add --namespace akash --release akash-release\.$/,
    );
  });

  it("is not named by a record with an invalid name, such as a shell command", () => {
    const named = (name: string): V1Secret => ({
      metadata: { namespace: "other" },
      data: encodeRecord(record({ name })),
    });
    assert.match(
      elsewhereText([named("x$(touch y)"), named("-x"), named("a\u001b[2J")]),
      /list -A$/,
    );
    assert.match(
      elsewhereText([named("my-provider")]),
      /--namespace other --release my-provider\.$/,
    );
  });

  it("is searched in releases with a matching name first, and not in thousands of others", () => {
    const metadata = (namespace: string, name: string) => ({ namespace, labels: { name } });
    const others = Array.from({ length: 5_000 }, (_, index) => metadata("tenants", `web-${index}`));
    const mine = metadata("elsewhere", "my-provider");
    const found = likeliest([...others, mine, metadata("akash-services", "x")]);
    assert.deepEqual(found.slice(0, 2), [mine, metadata("akash-services", "x")]);
    assert.equal(found.length, 50);
  });

  it("is reported as missing elsewhere only after a search", () => {
    assert.match(elsewhereText([]), /: helm list -A$/);
    assert.match(elsewhereText([], "prod-eu"), /: helm --kube-context prod-eu list -A$/);
    assert.match(elsewhereText(undefined), /may not read the other namespaces/);
  });
});
