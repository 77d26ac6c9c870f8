import { keyOf } from "./finding.ts";
import type { Report, ReportedFinding } from "./report.ts";

/** The differences between two runs. */
export interface Changes {
  /** Findings that are new, or whose evidence has changed. */
  readonly appeared: readonly ReportedFinding[];
  readonly gone: readonly ReportedFinding[];
}

/** Compares two runs; checks without findings are ignored. */
export function changesBetween(before: Report, after: Report): Changes {
  const known = new Map(before.findings.map((finding) => [keyOf(finding), finding]));
  const present = new Set(after.findings.filter(isProblem).map(keyOf));
  return {
    appeared: after.findings.filter(isProblem).filter((finding) => {
      const old = known.get(keyOf(finding));
      return old?.seen !== finding.seen || old.severity !== finding.severity;
    }),
    gone: before.findings.filter(isProblem).filter((finding) => !present.has(keyOf(finding))),
  };
}

function isProblem({ severity }: ReportedFinding): boolean {
  return severity !== "ok";
}

/** Options of {@link watch}. */
export interface WatchOptions {
  readonly check: () => Promise<Report>;
  readonly first: (report: Report) => void;
  /** Called for a run that differs from the previous one. */
  readonly changed: (changes: Changes, report: Report) => void;
  /** Called for a run that failed; the next one may succeed. */
  readonly failed: (error: unknown) => void;
  /** Waits between two runs, and returns false to end. */
  readonly pause: () => Promise<boolean>;
}

/**
 * Repeats the checks.
 *
 * @returns the report of the last run
 * @throws the error of the first run
 */
export async function watch(options: WatchOptions): Promise<Report> {
  const { check, first, changed, failed, pause } = options;
  let last = await check();
  first(last);
  while (await pause()) {
    try {
      const next = await check();
      const changes = changesBetween(last, next);
      if (changes.appeared.length + changes.gone.length > 0) {
        changed(changes, next);
      }
      last = next;
    } catch (error) {
      failed(error);
    }
  }
  return last;
}
