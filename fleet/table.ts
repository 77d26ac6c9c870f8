import type { styleText } from "node:util";
import { printableLine } from "../lib/printable.ts";
import type { StackProgress } from "./progress.ts";

/** Applies a style to text, or returns the text unchanged. */
export type Paint = (style: Parameters<typeof styleText>[0], text: string) => string;

const head = ["stack", "step", "certificate until", "rotate by", "worst finding"] as const;
const gap = "  ";

const stateStyle = { waiting: "dim", running: "cyan", done: "green", failed: "red" } as const;
const severityStyle = { ok: "green", info: "blue", warning: "yellow", error: "red" } as const;

/**
 * The table of all stacks, with one line each.
 *
 * @param width the maximum width of a line; longer steps are truncated. Default: unlimited
 * @returns its lines, with the header first
 */
export function tableLines(
  rows: readonly StackProgress[],
  paint: Paint,
  width = Infinity,
): readonly string[] {
  const cells = rows.map(({ stack, step, certificateExpiry, rotateBy, worst }) => [
    printableLine(stack),
    printableLine(step),
    day(certificateExpiry),
    day(rotateBy),
    worst ?? "–",
  ]);
  const widths = head.map((name, column) =>
    Math.max(name.length, ...cells.map((line) => line[column]?.length ?? 0)),
  );
  const others = widths.reduce(
    (sum, one, column) => sum + (column === 1 ? 0 : one + gap.length),
    0,
  );
  widths[1] = Math.max(head[1].length, Math.min(widths[1] ?? 0, width - others));
  const shown = (line: readonly string[]) =>
    line.map((cell, column) => fitted(cell, widths[column] ?? 0));
  const styled = rows.map(({ state, worst }, index) => {
    const line = shown(cells[index] ?? []);
    return line.map((cell, column) => {
      if (column === 1) {
        return paint(stateStyle[state], cell);
      }
      return column === 4 && worst !== null ? paint(severityStyle[worst], cell) : cell;
    });
  });
  return [paint("bold", shown(head).join(gap)), ...styled.map((line) => line.join(gap))].map(
    (line) => line.trimEnd(),
  );
}

/**
 * The lines of the table that fit on a screen, and a last line for the rest: running and failed stacks take precedence over
 * waiting stacks, and waiting stacks over done stacks.
 *
 * @param height in lines
 */
export function fittingLines(
  rows: readonly StackProgress[],
  paint: Paint,
  { width, height }: { readonly width: number; readonly height: number },
): readonly string[] {
  const room = Math.max(1, height - 2);
  if (rows.length <= room) {
    return tableLines(rows, paint, width);
  }
  const rank = { running: 0, failed: 0, waiting: 1, done: 2 } as const;
  const kept = new Set(
    rows.toSorted((a, b) => rank[a.state] - rank[b.state]).slice(0, Math.max(1, room - 1)),
  );
  const hidden = rows.filter((row) => !kept.has(row));
  const counts = (["waiting", "running", "done", "failed"] as const).flatMap((state) => {
    const count = hidden.filter((row) => row.state === state).length;
    return count === 0 ? [] : [`${count} ${state}`];
  });
  const shown = rows.filter((row) => kept.has(row));
  return [...tableLines(shown, paint, width), paint("dim", `and ${counts.join(", ")}`)];
}

function fitted(cell: string, width: number): string {
  return cell.length > width ? `${cell.slice(0, Math.max(0, width - 1))}…` : cell.padEnd(width);
}

function day(moment: string | null): string {
  return moment === null ? "–" : printableLine(moment.slice(0, 10));
}
