import type { V1Secret } from "@kubernetes/client-node";
import { decodeRecord, markedAt } from "../../lib/helmRecord.ts";

/** A revision of a Helm release. */
export interface Revision {
  readonly number: number;
  /** `deployed`, `superseded`, `failed`, `pending-upgrade`, … */
  readonly status: string;
  readonly description: string;
  /** When Helm set the status. */
  readonly markedAt: Date;
  readonly chartVersion: string;
  /** The manifest that Helm applied, after the repairs. */
  readonly manifest: string;
}

/** Reads a revision from its Secret. */
export function readRevision(secret: V1Secret): Revision {
  const { version, info, chart, manifest } = decodeRecord(secret);
  const { status, description = "", last_deployed = "" } = info;
  const marked = markedAt(secret.metadata?.labels);
  return {
    number: version,
    status,
    description,
    markedAt: new Date(marked === undefined ? last_deployed : marked * 1_000),
    chartVersion: chart.metadata.version,
    manifest,
  };
}
