import { gaxios } from "google-auth-library";
import { requestTimeout } from "../../lib/deadline.ts";
import { proxyAgent } from "../../lib/proxy.ts";

/** Google's token address, the only one that its client library supports. */
const googleTokens = "https://oauth2.googleapis.com/token";

/**
 * The transport of Google's clients, which sends each call through the environment's proxy for its address
 * ({@link proxyAgent}). The library would use other rules, and the address before it is replaced.
 *
 * @param tokenUri the address for requesting tokens, from a credentials file as in Google's Go libraries. Default: Google's
 *   own address
 * @param timeout time limit of each call, in milliseconds. Default: that of every request
 */
export function proxiedTransporter(
  tokenUri?: string,
  timeout: number = requestTimeout,
): gaxios.Gaxios {
  const transporter = new gaxios.Gaxios({ timeout });
  transporter.interceptors.request.add({
    resolved: async (options) => {
      if (tokenUri !== undefined && options.url.href === googleTokens) {
        options.url = new URL(tokenUri);
      }
      const agent = await proxyAgent(options.url);
      if (agent === undefined) {
        delete options.agent;
      } else {
        options.agent = agent;
      }
      // With its own configuration the library retries even calls with retry: false.
      if (options.retry === true || options.retryConfig !== undefined) {
        options.retryConfig = { ...options.retryConfig, onRetryAttempt: endAtDeadline };
      }
      return options;
    },
  });
  return transporter;
}

/** Stops the retries after a timeout: each retry would wait as long again. */
function endAtDeadline(error: gaxios.GaxiosError): void {
  if (isLate(error)) {
    throw error;
  }
}

/** Whether a call failed since its response did not arrive completely in time. */
export function isLate({ code, cause }: gaxios.GaxiosError): boolean {
  const late = ["TimeoutError", "AbortError"];
  return late.includes(String(code)) || (cause instanceof Error && late.includes(cause.name));
}

/**
 * Makes Google's client library bypass the environment's proxy for the metadata server. No proxy reaches the metadata server
 * of this machine, and Go's library calls it directly (cloud.google.com/go/compute/metadata, metadata.go).
 */
export function withoutProxyToMetadataServer(): void {
  directly ??= gaxios.instance.interceptors.request.add({
    resolved: (options) => {
      if (options.url.pathname.startsWith("/computeMetadata/")) {
        delete options.agent;
      }
      return Promise.resolve(options);
    },
  });
}

/** Set once the library's own client bypasses the proxy. */
let directly: unknown;
