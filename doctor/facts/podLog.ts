import { stripVTControlCharacters } from "node:util";

/** A line of a container's log. */
export interface LogLine {
  /** The container runtime's time stamp. */
  readonly time: Date | undefined;
  readonly text: string;
}

/** Splits a log with the container runtime's time stamps into lines. */
export function parseLog(log: string): LogLine[] {
  return log
    .split("\n")
    .filter((line) => line.trim() !== "")
    .map((coloured) => {
      // The provider's logger always writes terminal colors (cosmossdk.io/log).
      const line = stripVTControlCharacters(coloured);
      const [, stamp, text] = /^(\d{4}-\d\d-\d\dT\S+) (.*)$/.exec(line) ?? [];
      return stamp === undefined || text === undefined
        ? { time: undefined, text: line }
        : { time: new Date(stamp), text };
    });
}
