import { gaxios } from "google-auth-library";
import { proxyAgent } from "../../lib/proxy.ts";

/** Google's token address, the only one that its client library knows. */
const googleTokens = "https://oauth2.googleapis.com/token";

/**
 * Makes the calls of Google's clients, each through the proxy that the environment names for its address
 * ({@link proxyAgent}). The library would choose by other rules, and by the address before it is changed.
 *
 * @param tokenUri where tokens are asked for, as a credentials file says and Google's Go libraries do. Default: at
 *   Google's own address
 */
export function proxiedTransporter(tokenUri?: string): gaxios.Gaxios {
  const transporter = new gaxios.Gaxios();
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
      return options;
    },
  });
  return transporter;
}

/**
 * Google's client library asks the metadata server with a client of its own, which takes the environment's proxy. No proxy
 * knows the metadata server of this machine, and Go's library asks it directly
 * (cloud.google.com/go/compute/metadata, metadata.go).
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

/** That the library's own client has been told so. */
let directly: unknown;
