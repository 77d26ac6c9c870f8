import assert from "node:assert/strict";
import type { V1Secret } from "@kubernetes/client-node";
import { fromStack } from "../../../adopt/fromStack.ts";
import type { Situation } from "../../../adopt/situation.ts";
import type { ValueMap } from "../../../lib/json.ts";
import { chartVersion } from "../../../chart/release.ts";
import { ownerAnnotation } from "../../../components/owner.ts";
import { record } from "./cluster/record.ts";

/** A stack with these settings that deployed chart 14.0.8, and lost its state. */
function situation(settings: ValueMap): Situation {
  const wallet: V1Secret = {
    metadata: { annotations: { [ownerAnnotation]: "akash-provider-letsencrypt/prod" } },
  };
  return {
    directory: ".",
    stackFolder: "stacks",
    identity: { project: "akash-provider-letsencrypt", stack: "prod" },
    existing: { settings, encrypted: [] },
    state: undefined,
    place: { namespace: "akash-services", releaseName: "akash-provider" },
    provider: {
      secrets: () => Promise.resolve(new Map([["akash-provider-keys", wallet]])),
    } as unknown as Situation["provider"],
    release: record({ chart: { metadata: { name: "provider", version: "14.0.8" } } }),
  };
}

describe("a stack without its state", () => {
  it("deploys the chart of its setting next, and without one the program's, for any deployed chart", async () => {
    const next = async (settings: ValueMap) => (await fromStack(situation(settings))).nextChart;
    assert.equal(await next({ chartVersion: "12.1.3" }), "12.1.3");
    assert.equal(await next({}), chartVersion);
  });
});
