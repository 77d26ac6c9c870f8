import { type ApiReply, callApi, ConnectionError, refusal, withoutQuery } from "../http.ts";
import { backOff } from "../pace.ts";
import type { Settings } from "../plugin.ts";
import { listOf, objectOf, type Properties, textOf } from "../values.ts";

/** cloudflare-go tries twice more, after these pauses in seconds where the answer names none. */
const PAUSES: readonly number[] = [0.5, 1];

/** A longer pause than this one, in seconds, is not waited for. */
const LONGEST_PAUSE = 60;

const LAST_PAGE = 1000;

/** The client of the cloudflare plugin. */
export class CloudflareApi {
  readonly #settings: Settings;

  constructor(settings: Settings) {
    this.#settings = settings;
  }

  /**
   * Makes a call and returns its `result`.
   *
   * @param path Relative to the base URL, with a query where it has one.
   * @throws CloudError with Cloudflare's words.
   */
  async call(method: string, path: string, body?: object): Promise<unknown> {
    const { headers, secrets } = this.#identity();
    const url = `${this.#baseUrl()}${path}`;
    const request = { method, url, headers, ...(body ? { body } : {}) };
    for (const pause of PAUSES) {
      try {
        const reply = await callApi(request);
        if (!isRetried(reply)) {
          return resultOf(reply, `${method} ${withoutQuery(url)}`, secrets);
        }
        await backOff(retryAfter(reply) ?? pause);
      } catch (error) {
        if (!(error instanceof ConnectionError)) {
          throw error;
        }
        await backOff(pause);
      }
    }
    return resultOf(await callApi(request), `${method} ${withoutQuery(url)}`, secrets);
  }

  /**
   * Reads a list page by page, to the first empty one.
   *
   * @param most How many items are wanted at most.
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

  /** There is no default: a stand-in must never come to reach the real cloud. */
  #baseUrl(): string {
    const { baseUrl } = this.#settings;
    if (baseUrl === undefined) {
      throw new Error(
        "cloudflare:baseUrl is not set; the stand-in for the cloudflare plugin does not call the real Cloudflare",
      );
    }
    return baseUrl.endsWith("/") ? baseUrl : `${baseUrl}/`;
  }

  /** All that is said of the identity goes with every call, as from the official plugin (internal/provider.go). */
  #identity(): { headers: Record<string, string>; secrets: readonly string[] } {
    const { apiToken, apiKey, email, apiUserServiceKey } = this.#settings;
    const secrets = [apiToken, apiKey, apiUserServiceKey].filter((value) => value !== undefined);
    if (secrets.length === 0) {
      throw new Error("no Cloudflare credential: set cloudflare:apiToken");
    }
    const headers = {
      ...(apiToken === undefined ? {} : { authorization: `Bearer ${apiToken}` }),
      ...(apiKey === undefined ? {} : { "x-auth-key": apiKey }),
      ...(email === undefined ? {} : { "x-auth-email": email }),
      ...(apiUserServiceKey === undefined ? {} : { "x-auth-user-service-key": apiUserServiceKey }),
    };
    return { headers, secrets };
  }
}

function isRetried({ status }: ApiReply): boolean {
  return [408, 409, 429].includes(status) || status >= 500;
}

function retryAfter({ headers }: ApiReply): number | undefined {
  const seconds = Number(headers.get("retry-after") ?? Number.NaN);
  return seconds > 0 && seconds < LONGEST_PAUSE ? seconds : undefined;
}

function resultOf({ status, body }: ApiReply, call: string, secrets: readonly string[]): unknown {
  const { success, errors, result } = objectOf(body);
  if (status < 300 && success !== false) {
    return result;
  }
  const said = listOf(errors)
    .map(objectOf)
    .map(({ code, message }) => `${textOf(message)} (${String(code)})`)
    .join(", ");
  const text = `failed to make http request: ${call}: ${status} ${said || "no message"}`;
  throw refusal(status, text, secrets);
}
