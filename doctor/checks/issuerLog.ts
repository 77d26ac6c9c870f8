import type { Check } from "../check.ts";
import type { LogLine } from "../facts/podLog.ts";
import { found } from "../finding.ts";
import { issued, issuerErrors } from "./issuerErrors.ts";

/** The lines since the last certificate came. */
function open(lines: readonly LogLine[]): readonly LogLine[] {
  return lines.slice(lines.findLastIndex(({ text }) => issued.test(text)) + 1);
}

const width = 300;

/** What the issuer complains of in the provider's log. */
export const issuerLog: Check = {
  id: "log",
  group: "Let's Encrypt settings",
  title: "The log has no unsettled error of the issuer",
  problems: issuerErrors,
  run: async ({ expected, cluster }) => {
    const lines = await cluster.log();
    const unsettled = open(lines);
    return {
      seen: `${lines.length} lines`,
      found: issuerErrors
        .filter(({ applies }) => applies?.(expected) ?? true)
        .flatMap((error) => {
          const line = unsettled.findLast(({ text }) => error.pattern.test(text));
          const seen = line?.text.trim().slice(0, width);
          return seen === undefined
            ? []
            : [found(error, expected, { expected: "no such line", seen })];
        }),
    };
  },
};
