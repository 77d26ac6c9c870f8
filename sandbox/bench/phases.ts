import { z } from "zod";
import { parseJson } from "../../lib/json.ts";

/** A phase of a Pulumi run, and its duration. */
export interface Phase {
  readonly name: string;
  readonly seconds: number;
}

/** The phases in order, each with the engine's log message that ends it, and whether the last such message counts. */
const ends = [
  { name: "Pulumi and its language host start", end: /^langhost\[nodejs\]\.Run\(/, last: false },
  { name: "Node and the SDK start", end: /^Running program /, last: false },
  { name: "the program loads and reads its settings", end: /^Registering resource: /, last: false },
  {
    name: "the plugins start, the cloud is looked up",
    end: /\.Configure\(\) executing/,
    last: true,
  },
  {
    name: "the plugins compare the resources",
    end: /^RegisterResourceOutputs RPC finished/,
    last: true,
  },
] as const;

const lineSchema = z.object({ time: z.string(), msg: z.string() });

/**
 * The time of each phase of a run, from the engine's log.
 *
 * @param log the output of Pulumi with `--logtostderr -v=7`
 * @param began when Pulumi was started
 * @param ended when Pulumi ended
 * @throws Error when the log does not have the end of a phase
 */
export function phases(log: string, began: Date, ended: Date): Phase[] {
  const lines = readLog(log);
  let previous = began;
  const found = ends.map(({ name, end, last }) => {
    const matches = ({ msg, time }: LogLine) => time >= previous && end.test(msg);
    // The stack itself is registered before the program runs.
    const line = last ? lines.findLast(matches) : lines.find(matches);
    if (line === undefined) {
      throw new Error(`the engine's log has no end of the phase: ${name}`);
    }
    const seconds = (line.time.getTime() - previous.getTime()) / 1_000;
    previous = line.time;
    return { name, seconds };
  });
  return [
    ...found,
    { name: "Pulumi ends", seconds: (ended.getTime() - previous.getTime()) / 1_000 },
  ];
}

interface LogLine {
  readonly time: Date;
  readonly msg: string;
}

function readLog(log: string): LogLine[] {
  return log
    .split("\n")
    .map((text) => lineSchema.safeParse(parseJson(text)).data)
    .filter((line) => line !== undefined)
    .map(({ time, msg }) => ({ time: new Date(time), msg }));
}
