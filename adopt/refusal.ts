import type { Place } from "./file/valuesTree.ts";
import { shell, type ShellText } from "../lib/shell.ts";
import { printableLine } from "../lib/printable.ts";

/** A problem that prevents the adoption, as the operator reads it. */
export interface Refusal {
  /** The value's path in the file, or the setting's name. */
  readonly subject: string;
  readonly problem: string;
  /** Its place in the file, if any. */
  readonly place?: Place | undefined;
  /** The command that fixes it, where the stack and not the file has the problem. */
  readonly command?: ShellText;
}

/**
 * All refusals of a file, with the commands that fix them.
 *
 * @param newStack the stack that the commands need, where it does not exist yet
 */
export function refusalText(
  file: string,
  refusals: readonly Refusal[],
  newStack: string | undefined,
): string {
  const count = refusals.length === 1 ? "a problem" : `${refusals.length} problems`;
  const lines = refusals.map(
    ({ subject, problem, place, command }) =>
      `  ${printableLine(subject)} ${problem}${placeText(place)}${command === undefined ? "" : `\n      ${command}`}`,
  );
  const first =
    newStack === undefined || refusals.every(({ command }) => command === undefined)
      ? ""
      : `\n  Before the first command, create the stack:\n      ${shell`pulumi stack init ${newStack}`}`;
  return `${file} cannot be adopted: it has ${count}. Nothing was changed.${first}\n${lines.join("\n")}`;
}

function placeText(place: Place | undefined): string {
  return place === undefined ? "" : ` (line ${place.line}, column ${place.column})`;
}
