import { shell, type ShellText } from "../lib/shell.ts";
import { printableLine } from "../lib/printable.ts";

/** Something that keeps the provider from being adopted, as its reader sees it. */
export interface Refusal {
  /** The value's path in the file, or the setting's name. */
  readonly subject: string;
  readonly problem: string;
  /** The command that mends it, where the stack and not the file is to be mended. */
  readonly command?: ShellText;
}

/**
 * All refusals of a file, with the commands that mend them.
 *
 * @param newStack the stack that the commands need, where it is not made yet
 */
export function refusalText(
  file: string,
  refusals: readonly Refusal[],
  newStack: string | undefined,
): string {
  const count = refusals.length === 1 ? "a problem" : `${refusals.length} problems`;
  const lines = refusals.map(
    ({ subject, problem, command }) =>
      `  ${printableLine(subject)} ${problem}${command === undefined ? "" : `\n      ${command}`}`,
  );
  const first =
    newStack === undefined || refusals.every(({ command }) => command === undefined)
      ? ""
      : `\n  Before the first command, make the stack:\n      ${shell`pulumi stack init ${newStack}`}`;
  return `${file} cannot be adopted: it has ${count}. Nothing was changed.${first}\n${lines.join("\n")}`;
}
