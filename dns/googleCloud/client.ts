import { gaxios, JWT } from "google-auth-library";
import { proxyAgent } from "../../lib/proxy.ts";
import type { KeyFile } from "./keyFile.ts";

/** Google's token address, the only one that its client knows. */
const googleTokens = "https://oauth2.googleapis.com/token";

/**
 * A client that acts with a service account's key, and asks for its tokens where the key file says, as lego does.
 *
 * @param key the key file
 * @param scopes what it may be used for (https://developers.google.com/identity/protocols/oauth2/scopes)
 */
export function keyClient(key: KeyFile, scopes: readonly string[]): JWT {
  const transporter = proxiedTransporter((url) =>
    url.href === googleTokens ? new URL(key.token_uri) : url,
  );
  return new JWT({
    email: key.client_email,
    key: key.private_key,
    ...(key.private_key_id !== undefined && { keyId: key.private_key_id }),
    scopes: [...scopes],
    additionalClaims: { aud: key.token_uri },
    transporter,
  });
}

/**
 * Makes the calls of Google's clients, each through the proxy that the environment names for its address
 * ({@link proxyAgent}). The library would choose by other rules, and by the address before it is changed.
 *
 * @param addressOf where a call goes in place of its address. Default: to its address
 */
export function proxiedTransporter(addressOf: (url: URL) => URL = (url) => url): gaxios.Gaxios {
  const transporter = new gaxios.Gaxios();
  transporter.interceptors.request.add({
    resolved: async (options) => {
      options.url = addressOf(options.url);
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
