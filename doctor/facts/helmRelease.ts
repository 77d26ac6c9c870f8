import type { V1Secret } from "@kubernetes/client-node";
import { z } from "zod";
import { recordText } from "../../lib/helmRecord.ts";

const revisionSchema = z.object({
  version: z.number(),
  info: z.object({
    status: z.string(),
    description: z.string().default(""),
    last_deployed: z.string().default(""),
  }),
  chart: z.object({ metadata: z.object({ version: z.string() }) }),
  manifest: z.string(),
});

/** A revision of a Helm release. */
export interface Revision {
  readonly number: number;
  /** `deployed`, `superseded`, `failed`, `pending-upgrade`, … */
  readonly status: string;
  readonly description: string;
  /** When Helm has marked it so. */
  readonly markedAt: Date;
  readonly chartVersion: string;
  /** What Helm applied, after the repairs. */
  readonly manifest: string;
}

/** Reads a revision from the Secret in which Helm keeps it. */
export function readRevision(secret: V1Secret): Revision {
  const { version, info, chart, manifest } = revisionSchema.parse(JSON.parse(recordText(secret)));
  return {
    number: version,
    status: info.status,
    description: info.description,
    markedAt: markedAt(secret.metadata?.labels ?? {}, info.last_deployed),
    chartVersion: chart.metadata.version,
    manifest,
  };
}

/** By the labels of the Secret, in seconds; the first mark has the one label, each further one the other. */
function markedAt({ modifiedAt, createdAt }: Readonly<Record<string, string>>, deployed: string) {
  const label = modifiedAt ?? createdAt;
  return new Date(label === undefined ? deployed : Number(label) * 1_000);
}
