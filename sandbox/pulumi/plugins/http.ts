import { proxiedFetch } from "../../../lib/proxiedFetch.ts";
import { CloudError } from "./failures.ts";

/** A call of an HTTP API with JSON. */
export interface ApiCall {
  readonly method: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  /** Sent as JSON; a form is sent as a form. */
  readonly body?: object | URLSearchParams;
}

/** The response to a call. */
export interface ApiReply {
  readonly status: number;
  readonly headers: Headers;
  /** The JSON of the body; undefined for another body. */
  readonly body: unknown;
  /** The unparsed body. */
  readonly text: string;
}

/** Error codes of an established connection that broke, from the system and from fetch. */
const BROKEN: readonly unknown[] = ["ECONNRESET", "EPIPE", "UND_ERR_SOCKET"];

/** The error of a call without a response. */
export class ConnectionError extends Error {
  override readonly name = "ConnectionError";
  /** Whether an established connection broke. In this case, it is unknown whether the call took effect. */
  readonly broken: boolean;

  /** @param cause The error of fetch: "fetch failed", with the reason as its own cause. */
  constructor({ method, url }: ApiCall, cause: unknown) {
    const reason = reasonOf(cause);
    super(`${spelled(method)} "${url}": ${inWordsOfGo(new URL(url), reason)}`, { cause });
    this.broken = BROKEN.includes(reason.code);
  }
}

/** Sends one request. The caller checks the status. */
export async function callApi(call: ApiCall): Promise<ApiReply> {
  const { method, url, headers, body } = call;
  const form = body instanceof URLSearchParams;
  const content = form ? body : JSON.stringify(body);
  try {
    const response = await proxiedFetch(url, {
      method,
      headers: {
        ...headers,
        ...(body && !form ? { "content-type": "application/json" } : {}),
      },
      ...(content === undefined ? {} : { body: content }),
    });
    const text = await response.text();
    return { status: response.status, headers: response.headers, body: parseJson(text), text };
  } catch (error) {
    throw new ConnectionError(call, error);
  }
}

/** The error of a refused call: the API's message, without the secret values. */
export function refusal(status: number, text: string, secrets: readonly string[]): CloudError {
  const message = secrets
    .filter((secret) => secret !== "")
    .reduce((redacted, secret) => redacted.replaceAll(secret, "[redacted]"), text);
  return new CloudError(status, message);
}

/** A method in the spelling of Go's client errors: `Get`. */
export function spelled(method: string): string {
  return method.charAt(0) + method.slice(1).toLowerCase();
}

/** The reason for a missing response, in Go's text: the official plugins are written in Go. */
function inWordsOfGo({ host, hostname }: URL, { message, code }: Reason): string {
  switch (code) {
    case "ECONNREFUSED":
      return `dial tcp ${host}: connect: connection refused`;
    case "ENOTFOUND":
      return `dial tcp: lookup ${hostname}: no such host`;
    case "ETIMEDOUT":
    case "UND_ERR_CONNECT_TIMEOUT":
      return `dial tcp ${host}: i/o timeout`;
    case "ECONNRESET":
    case "UND_ERR_SOCKET":
      return "EOF";
    default:
      // A port to which fetch refuses to connect.
      if (message === "bad port") {
        return `dial tcp ${host}: connect: connection refused`;
      }
      return message || String(code);
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

/** The reason why a connection failed. */
interface Reason {
  readonly message: string;
  readonly code?: unknown;
}

function reasonOf(error: unknown): Reason {
  const reason = error instanceof Error ? (error.cause ?? error) : error;
  return reason instanceof Error ? reason : { message: String(reason) };
}
