import type { Group, Times } from "./check.ts";
import { severities, type Finding, type Severity } from "./finding.ts";

/** A finding with the heading of its check. */
export interface ReportedFinding extends Finding {
  readonly group: Group;
}

/** The result of one run; printed unchanged with --json. */
export interface Report {
  /** Increased when a field is removed or changes its meaning. */
  readonly version: 1;
  readonly stack: string;
  readonly host: string;
  readonly time: string;
  readonly findings: readonly ReportedFinding[];
  /** The times that were available to the checks; in RFC 3339 form in JSON. */
  readonly times: Times;
}

/** The worst severity of a report. */
export function worst({ findings }: Report): Severity {
  return (
    severities.findLast((level) => findings.some(({ severity }) => severity === level)) ?? "ok"
  );
}
