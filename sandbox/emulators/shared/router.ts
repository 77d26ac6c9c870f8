import type { IncomingHttpHeaders } from "node:http";

/** One request on its way through an emulator. */
export interface Exchange {
  readonly method: string;
  /** Path without the query, still percent-encoded. */
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
  readonly remoteAddress: string;
  /** Values of the `{name}` parts of the route's path, decoded. */
  params: Record<string, string>;
  /** Who called, for the list of calls: an account's e-mail address or a token's id, never a credential. */
  who: string;
  /** The project that the call is to be counted for, where the vendor has such a thing. */
  quotaProject?: string;
  /** The permission that was missing, where the call was refused for it. */
  denied?: string;
}

/** What goes back to the caller. */
export interface Reply {
  readonly status: number;
  /** Sent as JSON. */
  readonly body: unknown;
  /** Further headers. */
  readonly headers?: Readonly<Record<string, string>>;
}

/** Answers the requests of one route. */
export type Handler = (exchange: Exchange) => Reply | Promise<Reply>;

/** A method and a path together with what answers them. */
export interface Route {
  readonly method: string;
  readonly pattern: RegExp;
  readonly handle: Handler;
}

/** Thrown by a handler to answer with an error; carries the vendor's body for it. */
export class ApiError extends Error {
  readonly reply: Reply;

  constructor(status: number, body: unknown, message: string) {
    super(message);
    this.reply = { status, body };
  }
}

/**
 * Makes a route. `{name}` in the path stands for one segment, up to a colon: Google's custom methods follow the
 * resource's name with one (`projects/{project}:getIamPolicy`).
 */
export function route(method: string, path: string, handle: Handler): Route {
  const pattern = path
    .split(/\{(\w+)\}/)
    .map((part, index) => (index % 2 === 1 ? `(?<${part}>[^/:]+)` : escape(part)))
    .join("");
  return { method, pattern: new RegExp(`^${pattern}/?$`), handle };
}

/** The route that answers a request, with the values of its path, or undefined. */
export function findRoute(
  routes: readonly Route[],
  method: string,
  path: string,
): { handle: Handler; params: Record<string, string> } | undefined {
  for (const { method: routeMethod, pattern, handle } of routes) {
    const match = routeMethod === method ? pattern.exec(path) : null;
    if (match) {
      return { handle, params: decode(match.groups ?? {}) };
    }
  }
  return undefined;
}

function escape(literal: string): string {
  return literal.replace(/[.*+?^$()|[\]\\]/g, "\\$&");
}

function decode(groups: Record<string, string>): Record<string, string> {
  return Object.fromEntries(Object.entries(groups).map(([name, value]) => [name, decoded(value)]));
}

function decoded(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    // A stray percent sign names nothing that exists; the handler answers that in the vendor's words.
    return segment;
  }
}
