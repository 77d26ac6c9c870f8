import type { HelmRecord } from "../../../../lib/helmRecord.ts";

/** The first revision of Akash's chart, which is deployed, with these changes. */
export function record(changes: Partial<HelmRecord> = {}): HelmRecord {
  return {
    name: "akash-provider",
    version: 1,
    info: { status: "deployed" },
    chart: { metadata: { name: "provider", version: "19.0.2" } },
    manifest: "",
    ...changes,
  };
}
