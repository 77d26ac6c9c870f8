/** One call to an emulator. Contains no header, query or body, because these carry credentials. */
export interface Call {
  /** Time of the response, RFC 3339. */
  readonly at: string;
  readonly method: string;
  readonly path: string;
  /** The status sent, or "reset" if an injected fault closed the connection. */
  readonly status: number | "reset";
  readonly who: string;
  /** The quota project that the request named, if any. */
  readonly quotaProject?: string;
  /** The missing permission. */
  readonly denied?: string;
  /** The regular expression of the injected fault. */
  readonly fault?: string;
}

/** More than any test needs; limits the memory of a sandbox that runs for days. */
const KEPT = 10_000;

/** The calls to one emulator, oldest first. */
export class CallList {
  #calls: Call[] = [];

  add(call: Call): void {
    this.#calls.push(call);
    if (this.#calls.length > KEPT) {
      this.#calls.shift();
    }
  }

  list(): readonly Call[] {
    return this.#calls;
  }

  clear(): void {
    this.#calls = [];
  }
}

/** A call as a line of the log. */
export function logLine(api: string, call: Call): string {
  const notes = [
    call.denied === undefined ? [] : [`denied=${call.denied}`],
    call.fault === undefined ? [] : ["fault"],
  ].flat();
  return [call.at, api, call.method, call.path, call.status, call.who, ...notes].join(" ");
}
