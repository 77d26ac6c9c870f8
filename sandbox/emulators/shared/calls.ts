/** One call that an emulator answered. Holds no header, no query and no body: those carry credentials. */
export interface Call {
  /** When it was answered, RFC 3339. */
  readonly at: string;
  readonly method: string;
  readonly path: string;
  /** The status sent, or "reset" where an injected fault cut the connection. */
  readonly status: number | "reset";
  readonly who: string;
  /** The project that it was counted for, where the request named one. */
  readonly quotaProject?: string;
  /** The permission that was missing. */
  readonly denied?: string;
  /** The regular expression of the injected fault that struck. */
  readonly fault?: string;
}

/** More than any test makes; bounds the memory of a sandbox that stays up for days. */
const KEPT = 10_000;

/** The calls made to one emulator, oldest first. */
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
