import { styleText } from "node:util";
import type { Results } from "./suite.ts";

/** How many lines of a failure's message are shown: some contain the whole output of a command. */
const shownLines = 12;
const shownColumns = 300;

/**
 * The end of a run: repeats the failures, because the original output is far up or cut off, and ends with the
 * counts.
 */
export function summary(results: readonly Results[]): string {
  const failures = results.flatMap((result) => result.failures);
  const total = (key: "passed" | "skipped") =>
    results.reduce((sum, result) => sum + result[key], 0);
  return [
    ...(failures.length > 0 ? [styleText("bold", "Failed")] : []),
    ...failures.flatMap(({ name, reason }) => [
      `${styleText("red", "✖")} ${name}`,
      ...shortened(reason).map((line) => `    ${line}`),
    ]),
    `${total("passed")} passed, ${failures.length} failed, ${total("skipped")} skipped`,
  ].join("\n");
}

function shortened(message: string): string[] {
  const lines = message.split("\n").filter((line) => line.trim() !== "");
  const shown = lines.slice(0, shownLines).map((line) => line.slice(0, shownColumns));
  return lines.length > shownLines ? [...shown, "…"] : shown;
}
