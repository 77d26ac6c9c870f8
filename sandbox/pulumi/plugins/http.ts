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
}

/** Codes of a connection that stood and then broke, from the system and from fetch. */
const BROKEN: readonly unknown[] = ["ECONNRESET", "EPIPE", "UND_ERR_SOCKET"];

/** There was no answer. */
export class ConnectionError extends Error {
  override readonly name = "ConnectionError";
  /** Whether the connection stood and broke: then it is not known whether the call had an effect. */
  readonly broken: boolean;

  /** @param cause What fetch threw: "fetch failed", with the reason as its own cause. */
  constructor(call: string, cause: unknown) {
    const reason = reasonOf(cause);
    super(`${call}: ${reason.message || String(reason.code)}`, { cause });
    this.broken = BROKEN.includes(reason.code);
  }
}

/** Makes one call. The status is for the caller to judge. */
export async function callApi({ method, url, headers, body }: ApiCall): Promise<ApiReply> {
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
    return {
      status: response.status,
      headers: response.headers,
      body: parseJson(await response.text()),
    };
  } catch (error) {
    throw new ConnectionError(`${method} ${withoutQuery(url)}`, error);
  }
}

/** The error for a refused call: what the cloud said, without any of the values that must stay secret. */
export function refusal(status: number, text: string, secrets: readonly string[]): CloudError {
  const message = secrets
    .filter((secret) => secret !== "")
    .reduce((redacted, secret) => redacted.replaceAll(secret, "[redacted]"), text);
  return new CloudError(status, message);
}

/** The address without its query. */
export function withoutQuery(url: string): string {
  return url.replace(/\?.*/, "");
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

function reasonOf(error: unknown): { readonly message: string; readonly code?: unknown } {
  const reason = error instanceof Error ? (error.cause ?? error) : error;
  return reason instanceof Error ? reason : { message: String(reason) };
}
