import { keyOf } from "./finding.ts";
import type { Report, ReportedFinding } from "./report.ts";

/** What differs between two looks. */
export interface Changes {
  /** Findings that are new, or are seen in another way. */
  readonly appeared: readonly ReportedFinding[];
  readonly gone: readonly ReportedFinding[];
}

/** Compares two looks; what all is well with counts for nothing. */
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

/** How to watch. */
export interface WatchOptions {
  readonly look: () => Promise<Report>;
  readonly first: (report: Report) => void;
  /** Told of a look that differs from the one before. */
  readonly changed: (changes: Changes, report: Report) => void;
  /** Told of a look that failed; the next may not. */
  readonly failed: (error: unknown) => void;
  /** Waits between two looks, and answers false when it is time to end. */
  readonly pause: () => Promise<boolean>;
}

/**
 * Looks again and again.
 *
 * @returns the last look
 * @throws what the first look throws
 */
export async function watch(options: WatchOptions): Promise<Report> {
  const { look, first, changed, failed, pause } = options;
  let last = await look();
  first(last);
  while (await pause()) {
    try {
      const next = await look();
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
