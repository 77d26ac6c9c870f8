import { request as requestHttp, type IncomingMessage } from "node:http";
import { request as requestHttps } from "node:https";
import { text } from "node:stream/consumers";

/** A client's certificate and key, and the authority that it trusts, as PEM. */
export interface TlsOptions {
  readonly ca?: string;
  readonly cert?: string;
  readonly key?: string;
}

/** Timeout of one request, in milliseconds. */
const requestTimeout = 10_000;

/**
 * Requests a server's health endpoint and returns whether the status is 2xx.
 *
 * @throws when there is no response, or the server's certificate is not signed by `tls.ca`.
 */
export async function isHealthy(url: string, tls: TlsOptions = {}): Promise<boolean> {
  const response = await get(url, tls);
  response.resume();
  return isSuccess(response);
}

/**
 * The text at a URL.
 *
 * @throws as {@link isHealthy}, and when the status is not 2xx.
 */
export async function read(url: string, tls: TlsOptions = {}): Promise<string> {
  const response = await get(url, tls);
  const body = await text(response);
  if (!isSuccess(response)) {
    throw new Error(`${url} responds ${response.statusCode ?? 0}`);
  }
  return body;
}

function isSuccess({ statusCode = 0 }: IncomingMessage): boolean {
  return statusCode >= 200 && statusCode < 300;
}

function get(url: string, tls: TlsOptions): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    // An ACME server refuses requests without a user agent.
    const headers = { "user-agent": "akash-provider-letsencrypt-sandbox" };
    // Without the global fetch, which accepts no certificate authority.
    const request = url.startsWith("https:")
      ? requestHttps(url, { ...tls, headers, agent: false, timeout: requestTimeout })
      : requestHttp(url, { headers, agent: false, timeout: requestTimeout });
    request.on("response", resolve);
    request.on("timeout", () => request.destroy(new Error(`${url} does not respond`)));
    request.on("error", reject);
    request.end();
  });
}
