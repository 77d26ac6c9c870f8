/** The median of some numbers. */
export function median(numbers: readonly number[]): number {
  const sorted = [...numbers].sort((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const [low, high] = [sorted[middle - 1] ?? NaN, sorted[middle] ?? NaN];
  return sorted.length % 2 === 1 ? high : (low + high) / 2;
}

/** Seconds as text. */
export function seconds(value: number): string {
  return `${value.toFixed(2)} s`;
}

/** A part of a whole as text. */
export function percent(part: number): string {
  return `${Math.round(part * 100)} %`;
}

/** A time in seconds as text, after its ratio to another time. */
export function ratio(time = NaN, base = NaN): string {
  return `${(time / base).toFixed(2)} (${seconds(time)})`;
}

/** A table for a terminal, with the first column left-aligned and the others right-aligned. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const all = [head, ...rows];
  const widths = head.map((_, column) => Math.max(...all.map((row) => row[column]?.length ?? 0)));
  return all
    .map((row) =>
      row
        .map((cell, column) =>
          column === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[column] ?? 0),
        )
        .join("   "),
    )
    .join("\n");
}
