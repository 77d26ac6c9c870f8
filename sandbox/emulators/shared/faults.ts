import { type JsonObject, textOf } from "./json.ts";

/** Statuses of injected faults; each API has its own body for them. */
const FAULT_STATUSES: readonly number[] = [403, 409, 429, 500];

/** A failure to inject. Exactly the given fields apply; a fault without status and reset only delays the call. */
export interface Fault {
  /** Regular expression over "METHOD /path", for example `^POST .*:setIamPolicy$`. */
  readonly match: string;
  /** Respond with this status, in the vendor's error format. */
  readonly status?: number;
  /** Delay before everything else. */
  readonly delayMs?: number;
  /** Repeat the request, including its credential, in the error's message, as no API should. */
  readonly echo?: boolean;
  /** Close the connection without a response. */
  readonly reset?: boolean;
  /** The number of calls that fail; later calls succeed. @default 1 */
  readonly times: number;
  /** Whether the call fails before or after it takes effect. @default "before" */
  readonly when: "before" | "after";
}

/** Reads a fault from the control API; returns a text that describes an invalid fault. */
export function parseFault(input: JsonObject): Fault | string {
  const { status, delayMs, echo, reset, times = 1, when = "before" } = input;
  const match = textOf(input.match);
  if (match === undefined || !isRegExp(match)) {
    return 'match: a regular expression over "METHOD /path" is required';
  }
  if (status !== undefined && !FAULT_STATUSES.includes(status as number)) {
    return `status: one of ${FAULT_STATUSES.join(", ")}`;
  }
  if (delayMs !== undefined && !(typeof delayMs === "number" && delayMs >= 0)) {
    return "delayMs: a number of milliseconds";
  }
  if (!(typeof times === "number" && Number.isInteger(times) && times > 0)) {
    return "times: a whole number above zero";
  }
  if (when !== "before" && when !== "after") {
    return 'when: "before" or "after"';
  }
  if (status === undefined && delayMs === undefined && reset !== true) {
    return "one of status, delayMs and reset is required";
  }
  return {
    match,
    ...(status === undefined ? {} : { status: status as number }),
    ...(delayMs === undefined ? {} : { delayMs }),
    ...(echo === true ? { echo } : {}),
    ...(reset === true ? { reset } : {}),
    times,
    when,
  };
}

/** The pending faults. They exist in memory only: a restarted emulator has none. */
export class FaultList {
  #waiting: { fault: Fault; left: number }[] = [];

  add(fault: Fault): void {
    this.#waiting.push({ fault, left: fault.times });
  }

  list(): (Fault & { left: number })[] {
    return this.#waiting.map(({ fault, left }) => ({ ...fault, left }));
  }

  clear(): void {
    this.#waiting = [];
  }

  /** The first fault that matches the call, counted as used. */
  take(method: string, path: string): Fault | undefined {
    const call = `${method} ${path}`;
    const found = this.#waiting.find(({ fault }) => new RegExp(fault.match).test(call));
    if (found) {
      found.left -= 1;
      this.#waiting = this.#waiting.filter(({ left }) => left > 0);
    }
    return found?.fault;
  }
}

function isRegExp(source: string): boolean {
  try {
    return source !== "" && new RegExp(source) instanceof RegExp;
  } catch {
    return false;
  }
}
