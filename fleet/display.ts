import { printableLine } from "../lib/printable.ts";
import type { Listener, StackProgress } from "./progress.ts";
import { fittingLines, tableLines, type Paint } from "./table.ts";

/** Shows the progress of a run. */
export interface Display {
  readonly changed: Listener;
  /** Prints a line that belongs to no stack. */
  readonly note: (text: string) => void;
  /** Prints the whole table at the end. */
  readonly end: (rows: readonly StackProgress[]) => void;
}

/** How long changes are collected before the table is printed again, in milliseconds. */
const pause = 100;

const upBy = (lines: number) => `\x1b[${lines}A`;
const clearBelow = "\x1b[0J";

/**
 * A table that is updated in place, for a terminal.
 *
 * @param stream the terminal
 * @param rows returns the current rows
 */
export function liveTable(
  stream: NodeJS.WriteStream,
  rows: () => readonly StackProgress[],
  paint: Paint,
): Display {
  let shown = 0;
  let timer: NodeJS.Timeout | undefined;
  const erase = () => {
    const text = shown === 0 ? "" : `${upBy(shown)}${clearBelow}`;
    shown = 0;
    return text;
  };
  const draw = () => {
    timer = undefined;
    const size = { width: stream.columns, height: stream.rows };
    const lines = fittingLines(rows(), paint, size);
    stream.write(`${erase()}${lines.join("\n")}\n`);
    shown = lines.length;
  };
  return {
    changed: () => {
      timer ??= setTimeout(draw, pause);
    },
    note: (text) => {
      stream.write(`${erase()}${text}\n`);
      draw();
    },
    end: (all) => {
      clearTimeout(timer);
      stream.write(`${erase()}${tableLines(all, paint).join("\n")}\n`);
    },
  };
}

/** A line for each step, for a file or a log, and the table at the end. */
export function plainLines(
  write: (text: string) => void,
  stacks: readonly string[],
  paint: Paint,
  table: boolean,
): Display {
  const width = Math.max(...stacks.map((stack) => stack.length));
  return {
    changed: (after, before) => {
      // The details of a step are only for the live table.
      if (phaseOf(after.step) !== phaseOf(before.step)) {
        const name = printableLine(after.stack).padEnd(width);
        write(`${name}  ${printableLine(phaseOf(after.step))}\n`);
      }
    },
    note: (text) => {
      write(`${text}\n`);
    },
    end: (all) => {
      if (table) {
        write(`\n${tableLines(all, paint).join("\n")}\n`);
      }
    },
  };
}

/** A step without its details, which follow the first colon. */
function phaseOf(step: string): string {
  return step.split(":")[0] ?? step;
}
