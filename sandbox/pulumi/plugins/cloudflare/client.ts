import { STATUS_CODES } from "node:http";
import { type ApiReply, callApi, ConnectionError, refusal } from "../http.ts";
import { backOff } from "../pace.ts";
import type { Settings } from "../plugin.ts";
import { listOf, objectOf, type Properties } from "../values.ts";

/** cloudflare-go retries twice, after these pauses in seconds if the response names none. */
const PAUSES: readonly number[] = [0.5, 1];

/** The client does not wait for a pause longer than this, in seconds. */
const LONGEST_PAUSE = 60;

const LAST_PAGE = 1000;

/** The client of the cloudflare plugin. */
export class CloudflareApi {
  readonly #settings: Settings;

  constructor(settings: Settings) {
    this.#settings = settings;
  }

  /**
   * Sends a request and returns its `result`.
   *
   * @param path Relative to the base URL, with an optional query.
   * @throws CloudError with Cloudflare's message.
   */
  async call(method: string, path: string, body?: object): Promise<unknown> {
    const url = `${this.#baseUrl()}${path}`;
    const headers = this.#credentials();
    const request = { method, url, headers, ...(body ? { body } : {}) };
    const said = (reply: ApiReply) => resultOf(reply, `${method} "${url}"`, Object.values(headers));
    for (const pause of PAUSES) {
      try {
        const reply = await callApi(request);
        if (!isRetried(reply)) {
          return said(reply);
        }
        await backOff(retryAfter(reply) ?? pause);
      } catch (error) {
        if (!(error instanceof ConnectionError)) {
          throw error;
        }
        await backOff(pause);
      }
    }
    return said(await callApi(request));
  }

  /**
   * Reads a list page by page, up to the first empty page.
   *
   * @param most The maximum number of items.
   */
  async list(path: string, query: URLSearchParams, most = 1000): Promise<Properties[]> {
    const items: Properties[] = [];
    for (let page = 1; page <= LAST_PAGE && items.length < most; page += 1) {
      const paged = new URLSearchParams(query);
      if (page > 1) {
        paged.set("page", String(page));
      }
      const text = paged.toString();
      const found = listOf(await this.call("GET", text ? `${path}?${text}` : path));
      if (found.length === 0) {
        break;
      }
      items.push(...found.map(objectOf));
    }
    return items.slice(0, most);
  }

  /** There is no default: a stand-in must never reach the real API. */
  #baseUrl(): string {
    const { baseUrl } = this.#settings;
    if (baseUrl === undefined) {
      throw new Error(
        "cloudflare:baseUrl is not set; the stand-in for the cloudflare plugin does not call the real Cloudflare",
      );
    }
    return baseUrl.endsWith("/") ? baseUrl : `${baseUrl}/`;
  }

  /** A call without credentials is sent anyway, and Cloudflare refuses it. */
  #credentials(): Record<string, string> {
    const { apiToken, apiKey, email, apiUserServiceKey } = this.#settings;
    return {
      ...(apiToken !== undefined && { authorization: `Bearer ${apiToken}` }),
      ...(apiKey !== undefined && { "x-auth-key": apiKey }),
      ...(email !== undefined && { "x-auth-email": email }),
      ...(apiUserServiceKey !== undefined && { "x-auth-user-service-key": apiUserServiceKey }),
    };
  }
}

function isRetried({ status }: ApiReply): boolean {
  return [408, 409, 429].includes(status) || status >= 500;
}

function retryAfter({ headers }: ApiReply): number | undefined {
  const seconds = Number(headers.get("retry-after") ?? Number.NaN);
  return seconds > 0 && seconds < LONGEST_PAUSE ? seconds : undefined;
}

/** @see https://github.com/cloudflare/cloudflare-go/blob/main/internal/apierror/apierror.go */
function resultOf(
  { status, body, text }: ApiReply,
  call: string,
  secrets: readonly string[],
): unknown {
  const { success, result } = objectOf(body);
  if (status < 300 && success !== false) {
    return result;
  }
  const hidden = secrets.map((secret) => secret.replace(/^Bearer /, ""));
  throw refusal(status, `${call}: ${status} ${STATUS_CODES[status] ?? ""} ${text}`, hidden);
}
