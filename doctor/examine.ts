import { messageOf, UserError } from "../lib/errors.ts";
import type { Check, Context, Outcome, Times } from "./check.ts";
import { NotAvailable, type Finding } from "./finding.ts";
import type { Report, ReportedFinding } from "./report.ts";

/**
 * Runs the checks that apply, all at the same time.
 *
 * @throws UserError when the cluster does not respond: then there is nothing to compare
 */
export async function examine(checks: readonly Check[], context: Context): Promise<Report> {
  const { expected, now } = context;
  const applying = checks.filter(({ applies }) => applies?.(expected) ?? true);
  const outcomes = await Promise.all(
    applying.map(async (check) => {
      const { found, times = {} } = await run(check, context);
      const findings = found.map((finding): ReportedFinding => ({
        group: check.group,
        ...finding,
      }));
      return { findings, times };
    }),
  );
  return {
    version: 1,
    stack: expected.stack,
    host: expected.host,
    time: now.toISOString(),
    findings: outcomes.flatMap(({ findings }) => findings),
    times: Object.assign({}, ...outcomes.map(({ times }) => times)) as Times,
  };
}

/** The findings of a check, or one finding that reports that the check found nothing or could not run. */
async function run(check: Check, context: Context): Promise<Pick<Outcome, "found" | "times">> {
  try {
    const outcome = await check.run(context);
    const { found, seen } = outcome;
    return {
      ...outcome,
      found: found.length > 0 ? found : [plain(check, "ok", check.title, seen)],
    };
  } catch (error) {
    if (error instanceof NotAvailable) {
      return { found: [plain(check, "info", `Not checked: ${check.title}`, error.message)] };
    }
    if (error instanceof UserError) {
      throw error;
    }
    // A defect of the doctor must not hide the findings of other checks.
    const title = `Could not be checked: ${check.title}`;
    return { found: [plain(check, "warning", title, messageOf(error))] };
  }
}

function plain({ id }: Check, severity: Finding["severity"], title: string, seen: string): Finding {
  return { id, subject: null, severity, title, expected: null, seen, why: null, command: null };
}
