import { request as requestHttp } from "node:http";
import { request as requestHttps } from "node:https";

/** What a client proves and trusts, as PEM. */
export interface TlsOptions {
  readonly ca?: string;
  readonly cert?: string;
  readonly key?: string;
}

/** How long one request may take, in milliseconds. */
const requestTimeout = 2_000;

/**
 * Asks a server's health endpoint and returns whether it answered with a 2xx status.
 *
 * @throws when nothing answers, or with a certificate that `tls.ca` did not sign.
 */
export function isHealthy(url: string, tls: TlsOptions = {}): Promise<boolean> {
  return new Promise((resolve, reject) => {
    // An ACME server refuses clients that do not say who they are.
    const headers = { "user-agent": "akash-provider-letsencrypt-sandbox" };
    // Requests of their own, since the global fetch takes no certificate authority.
    const request = url.startsWith("https:")
      ? requestHttps(url, { ...tls, headers, agent: false, timeout: requestTimeout })
      : requestHttp(url, { headers, agent: false, timeout: requestTimeout });
    request.on("response", (response) => {
      response.resume();
      const status = response.statusCode ?? 0;
      resolve(status >= 200 && status < 300);
    });
    request.on("timeout", () => request.destroy(new Error(`${url} does not answer`)));
    request.on("error", reject);
    request.end();
  });
}
