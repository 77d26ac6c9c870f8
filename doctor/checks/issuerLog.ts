import type { Check } from "../check.ts";
import type { Expectation } from "../expectation.ts";
import type { LogLine } from "../facts/podLog.ts";
import { found, type Finding } from "../finding.ts";
import type { IssuerError } from "./issuer/issuerError.ts";
import {
  asks,
  explain,
  issued,
  issuerErrors,
  isUnknown,
  ofIssuer,
  served,
  silence,
  unknownError,
} from "./issuerErrors.ts";

/** How long the issuer may log nothing after a request to the CA, in milliseconds: longer than six failed attempts take. */
const longestAttempts = 15 * 60 * 1_000;

/** The issuer's errors in the provider's log. */
export const issuerLog: Check = {
  id: "log",
  group: "Let's Encrypt settings",
  title: "The log has no unresolved error of the issuer",
  problems: [...issuerErrors, unknownError, silence],
  run: async ({ expected, cluster, now }) => {
    const lines = await cluster.log();
    const unresolved = open(lines).map(({ text }) => text.trim());
    const lastLines = new Map<IssuerError, string>();
    for (const text of unresolved) {
      for (const error of explain(text, expected)) {
        lastLines.set(error, text);
      }
    }
    const known = issuerErrors.flatMap((error): Finding[] => {
      const seen = lastLines.get(error);
      return seen === undefined ? [] : [found(error, expected, { expected: "no such line", seen })];
    });
    return {
      seen: `${lines.length} lines`,
      found: [...known, ...unknown(unresolved, expected), ...silent(lines, expected, now)],
    };
  },
};

/** The lines since a certificate was issued or a stored one was loaded. */
function open(lines: readonly LogLine[]): readonly LogLine[] {
  const resolved = lines.findLastIndex(({ text }) => issued.test(text) || served.test(text));
  return lines.slice(resolved + 1);
}

function unknown(lines: readonly string[], expected: Expectation): Finding[] {
  const own = lines.filter(
    (text, index) =>
      isUnknown(text, expected) ||
      ((lines[index - 1] ?? "").endsWith("one or more domains had a problem:") &&
        explain(text, expected).length === 0),
  );
  const texts = [...new Set(own.map((text) => text.replace(time, "")))];
  return texts.map((text) =>
    found(unknownError, expected, { subject: text, expected: "no such line", seen: text }),
  );
}

/** The time that the provider and lego write at the start of a line. */
const time = /^(\d{1,2}:\d\d[AP]M|\d{4}\/\d\d\/\d\d \d\d:\d\d:\d\d) /;

function silent(lines: readonly LogLine[], expected: Expectation, now: Date): Finding[] {
  const last = lines.findLast(({ text }) => ofIssuer.test(text));
  if (last?.time === undefined || !asks.test(last.text)) {
    return [];
  }
  const since = now.getTime() - last.time.getTime();
  return since < longestAttempts
    ? []
    : [
        found(silence, expected, {
          expected: "a response within minutes",
          seen: `no line since ${last.time.toISOString()}: ${last.text.trim()}`,
        }),
      ];
}
