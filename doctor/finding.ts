import type { Expectation } from "./expectation.ts";
import { type ShellText } from "../lib/shell.ts";

/** How bad a finding is, from best to worst. */
export const severities = ["ok", "info", "warning", "error"] as const;
export type Severity = (typeof severities)[number];

/**
 * Something that a check can find, whatever the provider: what the doctor prints and what the README's troubleshooting
 * table says of it come from here.
 */
export interface Problem {
  /** Stable: scripts go by it. */
  readonly id: string;
  readonly severity: Exclude<Severity, "ok">;
  readonly title: string;
  /** Why it matters, in a sentence or two. */
  readonly why: string;
  /** The command that mends it, or the first step towards it. */
  readonly command: (expected: Expectation) => ShellText;
}

/** What was found of one provider. */
export interface Finding {
  readonly id: string;
  /** Which of several it is about, such as an object of the cluster; null where there is but one. */
  readonly subject: string | null;
  readonly severity: Severity;
  readonly title: string;
  /** Null for a check that found nothing. */
  readonly expected: string | null;
  readonly seen: string;
  readonly why: string | null;
  readonly command: string | null;
}

/** What a problem looks like here. */
export interface Sighting {
  readonly expected: string;
  readonly seen: string;
  readonly subject?: string;
  /** In place of the problem's own, where what was seen tells a better one. */
  readonly command?: ShellText;
}

/** The finding of a problem. */
export function found(
  { id, severity, title, why, command }: Problem,
  expectation: Expectation,
  { expected, seen, subject, command: better }: Sighting,
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

/** What tells one finding from another, from look to look. */
export function keyOf({ id, subject }: Finding): string {
  return `${id} ${subject ?? ""}`;
}

/** A fact that cannot be had from here: no finding against the provider, but the reader must know. */
export class NotSeen extends Error {
  override readonly name = "NotSeen";
}

/** A fact, or undefined where it cannot be had: for a check that can do without. */
export async function ifSeen<T>(fact: Promise<T>): Promise<T | undefined> {
  try {
    return await fact;
  } catch (error) {
    if (error instanceof NotSeen) {
      return undefined;
    }
    throw error;
  }
}
