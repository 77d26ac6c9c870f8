import type { Expectation } from "./expectation.ts";
import { type ShellText } from "../lib/shell.ts";

/** The severity of a finding, from best to worst. */
export const severities = ["ok", "info", "warning", "error"] as const;
export type Severity = (typeof severities)[number];

/**
 * A problem that a check can find, independent of the provider: the source of the doctor's output and of
 * docs/troubleshooting.md.
 */
export interface Problem {
  /** Stable: scripts depend on it. */
  readonly id: string;
  readonly severity: Exclude<Severity, "ok">;
  readonly title: string;
  /** Why the problem matters, in one or two sentences. */
  readonly why: string;
  /** The command that fixes the problem, or the first step towards a fix. */
  readonly command: (expected: Expectation) => ShellText;
}

/** A finding about one provider. */
export interface Finding {
  readonly id: string;
  /** The subject of the finding if there are several, such as an object of the cluster; otherwise null. */
  readonly subject: string | null;
  readonly severity: Severity;
  readonly title: string;
  /** Null for a check that found nothing. */
  readonly expected: string | null;
  readonly seen: string;
  readonly why: string | null;
  readonly command: string | null;
}

/** The evidence of a problem. */
export interface Evidence {
  readonly expected: string;
  readonly seen: string;
  readonly subject?: string;
  /** In place of the problem's command, if the evidence allows a better one. */
  readonly command?: ShellText;
}

/** The finding of a problem. */
export function found(
  { id, severity, title, why, command }: Problem,
  expectation: Expectation,
  { expected, seen, subject, command: better }: Evidence,
): Finding {
  return {
    id,
    subject: subject ?? null,
    severity,
    title,
    expected,
    seen,
    why,
    command: better ?? command(expectation),
  };
}

/** The identity of a finding in different runs. */
export function keyOf({ id, subject }: Finding): string {
  return `${id} ${subject ?? ""}`;
}

/** A fact that is not available from here: not a finding about the provider, but reported to the user. */
export class NotAvailable extends Error {
  override readonly name = "NotSeen";
}

/** A fact, or undefined if it is not available: for a check that does not require it. */
export async function ifAvailable<T>(fact: Promise<T>): Promise<T | undefined> {
  try {
    return await fact;
  } catch (error) {
    if (error instanceof NotAvailable) {
      return undefined;
    }
    throw error;
  }
}
