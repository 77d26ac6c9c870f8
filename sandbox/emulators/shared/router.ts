import type { IncomingHttpHeaders } from "node:http";

/** One request to an emulator. */
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
  /** The caller, for the list of calls: an account's e-mail address or a token's id, never a credential. */
  who: string;
  /** The quota project of the call, if the vendor has quota projects. */
  quotaProject?: string;
  /** The missing permission for which the call was refused. */
  denied?: string;
}

/** The response to the caller. */
export interface Reply {
  readonly status: number;
  /** Sent as JSON. */
  readonly body: unknown;
  /** Additional headers. */
  readonly headers?: Readonly<Record<string, string>>;
}

/** Handles the requests of one route. */
export type Handler = (exchange: Exchange) => Reply | Promise<Reply>;

/** A method, a path and their handler. */
export interface Route {
  readonly method: string;
  readonly pattern: RegExp;
  readonly handle: Handler;
}

/** Thrown by a handler to respond with an error; carries the vendor's body for it. */
export class ApiError extends Error {
  readonly reply: Reply;

  constructor(status: number, body: unknown, message: string) {
    super(message);
    this.reply = { status, body };
  }
}

/**
 * Creates a route. `{name}` in the path matches one segment, up to a colon: Google's custom methods follow the
 * resource's name after a colon (`projects/{project}:getIamPolicy`).
 */
export function route(method: string, path: string, handle: Handler): Route {
  const pattern = path
    .split(/\{(\w+)\}/)
    .map((part, index) => (index % 2 === 1 ? `(?<${part}>[^/:]+)` : escape(part)))
    .join("");
  return { method, pattern: new RegExp(`^${pattern}/?$`), handle };
}

/** The route for a request, with the values of its path, or undefined. */
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
    // A name with an invalid percent sign does not exist; the handler responds with the vendor's error for that.
    return segment;
  }
}
