import { request as requestHttp, type IncomingMessage } from "node:http";
import { request as requestHttps } from "node:https";
import { text } from "node:stream/consumers";

/** What a client proves and trusts, as PEM. */
export interface TlsOptions {
  readonly ca?: string;
  readonly cert?: string;
  readonly key?: string;
}

/** How long one request may take, in milliseconds. */
const requestTimeout = 10_000;

/**
 * Asks a server's health endpoint and returns whether it answered with a 2xx status.
 *
 * @throws when nothing answers, or with a certificate that `tls.ca` did not sign.
 */
export async function isHealthy(url: string, tls: TlsOptions = {}): Promise<boolean> {
  const response = await get(url, tls);
  response.resume();
  return isSuccess(response);
}

/**
 * The text at a URL.
 *
 * @throws as {@link isHealthy}, and where the status is not 2xx.
 */
export async function read(url: string, tls: TlsOptions = {}): Promise<string> {
  const response = await get(url, tls);
  const body = await text(response);
  if (!isSuccess(response)) {
    throw new Error(`${url} answers ${response.statusCode ?? 0}`);
  }
  return body;
}

function isSuccess({ statusCode = 0 }: IncomingMessage): boolean {
  return statusCode >= 200 && statusCode < 300;
}

function get(url: string, tls: TlsOptions): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    // An ACME server refuses clients that do not say who they are.
    const headers = { "user-agent": "akash-provider-letsencrypt-sandbox" };
    // Requests of their own, since the global fetch takes no certificate authority.
    const request = url.startsWith("https:")
      ? requestHttps(url, { ...tls, headers, agent: false, timeout: requestTimeout })
      : requestHttp(url, { headers, agent: false, timeout: requestTimeout });
    request.on("response", resolve);
    request.on("timeout", () => request.destroy(new Error(`${url} does not answer`)));
    request.on("error", reject);
    request.end();
  });
}
