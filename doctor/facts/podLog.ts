import { stripVTControlCharacters } from "node:util";

/** A line of a container's log. */
export interface LogLine {
  /** When it was written, as the container runtime says. */
  readonly time: Date | undefined;
  readonly text: string;
}

/** Splits a log that was fetched with the runtime's time stamps. */
export function parseLog(log: string): LogLine[] {
  return log
    .split("\n")
    .filter((line) => line.trim() !== "")
    .map((coloured) => {
      // The provider's logger writes for a terminal, be there one or none (cosmossdk.io/log).
      const line = stripVTControlCharacters(coloured);
      const [, stamp, text] = /^(\d{4}-\d\d-\d\dT\S+) (.*)$/.exec(line) ?? [];
      return stamp === undefined || text === undefined
        ? { time: undefined, text: line }
        : { time: new Date(stamp), text };
    });
}
