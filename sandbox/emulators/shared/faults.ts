import { type JsonObject, textOf } from "./json.ts";

/** Statuses that an injected fault may answer with; each API has its own body for them. */
const FAULT_STATUSES: readonly number[] = [403, 409, 429, 500];

/** A failure to inject. Exactly what the fields say happens; a fault without status and reset only delays. */
export interface Fault {
  /** Regular expression over "METHOD /path", for example `^POST .*:setIamPolicy$`. */
  readonly match: string;
  /** Answer with this status in the vendor's own error format. */
  readonly status?: number;
  /** Wait this long first. */
  readonly delayMs?: number;
  /** Repeat the request in the error's message, credential and all, as no API should. */
  readonly echo?: boolean;
  /** Cut the connection without an answer. */
  readonly reset?: boolean;
  /** How many calls it strikes; after that they are answered as usual. @default 1 */
  readonly times: number;
  /** Whether the call fails before it has any effect, or after it took effect. @default "before" */
  readonly when: "before" | "after";
}

/** Reads a fault from the control API; a text says what is wrong with it. */
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

/** The faults waiting to strike. They live in memory only: a restarted emulator is a healthy one. */
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

  /** The first fault that matches the call, counted as having struck. */
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
