import { proxiedFetch } from "../../../lib/proxiedFetch.ts";
import { CloudError } from "./failures.ts";

/** One call of an HTTP API that speaks JSON. */
export interface ApiCall {
  readonly method: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  /** Sent as JSON, or as it is where it is a form. */
  readonly body?: object | URLSearchParams;
}

/** The answer to a call. */
export interface ApiReply {
  readonly status: number;
  readonly headers: Headers;
  /** The JSON of the body; undefined where it is none. */
  readonly body: unknown;
  /** The body as it came. */
  readonly text: string;
}

/** Codes of a connection that stood and then broke, from the system and from fetch. */
const BROKEN: readonly unknown[] = ["ECONNRESET", "EPIPE", "UND_ERR_SOCKET"];

/** There was no answer. */
export class ConnectionError extends Error {
  override readonly name = "ConnectionError";
  /** Whether the connection stood and broke: then it is not known whether the call had an effect. */
  readonly broken: boolean;

  /** @param cause What fetch threw: "fetch failed", with the reason as its own cause. */
  constructor({ method, url }: ApiCall, cause: unknown) {
    const reason = reasonOf(cause);
    super(`${spelled(method)} "${url}": ${inWordsOfGo(new URL(url), reason)}`, { cause });
    this.broken = BROKEN.includes(reason.code);
  }
}

/** Makes one call. The status is for the caller to judge. */
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

/** The error for a refused call: what the cloud said, without any of the values that must stay secret. */
export function refusal(status: number, text: string, secrets: readonly string[]): CloudError {
  const message = secrets
    .filter((secret) => secret !== "")
    .reduce((redacted, secret) => redacted.replaceAll(secret, "[redacted]"), text);
  return new CloudError(status, message);
}

/** A method as Go's client spells it in its errors: `Get`. */
export function spelled(method: string): string {
  return method.charAt(0) + method.slice(1).toLowerCase();
}

/** Why there was no answer, as Go says it: the official plugins are written in it. */
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
      // A port that fetch refuses to connect to at all.
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

/** Why a connection failed. */
interface Reason {
  readonly message: string;
  readonly code?: unknown;
}

function reasonOf(error: unknown): Reason {
  const reason = error instanceof Error ? (error.cause ?? error) : error;
  return reason instanceof Error ? reason : { message: String(reason) };
}
