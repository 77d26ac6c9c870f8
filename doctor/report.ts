import type { Group, Times } from "./check.ts";
import { severities, type Finding, type Severity } from "./finding.ts";

/** A finding, under the heading of its check. */
export interface ReportedFinding extends Finding {
  readonly group: Group;
}

/** What one look has found; with --json it is printed as it is. */
export interface Report {
  /** Goes up when a field goes or changes its meaning. */
  readonly version: 1;
  readonly stack: string;
  readonly host: string;
  readonly time: string;
  readonly findings: readonly ReportedFinding[];
  /** As far as the checks could see them; in RFC 3339 form in JSON. */
  readonly times: Times;
}

/** The worst severity of a report. */
export function worst({ findings }: Report): Severity {
  return (
    severities.findLast((level) => findings.some(({ severity }) => severity === level)) ?? "ok"
  );
}
