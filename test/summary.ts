import { styleText } from "node:util";
import type { Results } from "./suite.ts";

/** How much is shown of a failure's message: some have the whole output of a command. */
const shownLines = 12;
const shownColumns = 300;

/**
 * The end of a run: what has failed, once more, since what was printed where it happened is far up or cut off, and the
 * counts in the last line.
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
