import { gaxios, JWT } from "google-auth-library";
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
  const transporter = new gaxios.Gaxios();
  transporter.interceptors.request.add({
    resolved: (options) => {
      if (options.url.href === googleTokens) {
        options.url = new URL(key.token_uri);
        // The proxy was chosen for the address before; this machine itself needs none.
        if (["127.0.0.1", "localhost"].includes(options.url.hostname)) {
          delete options.agent;
        }
      }
      return Promise.resolve(options);
    },
  });
  return new JWT({
    email: key.client_email,
    key: key.private_key,
    ...(key.private_key_id !== undefined && { keyId: key.private_key_id }),
    scopes: [...scopes],
    additionalClaims: { aud: key.token_uri },
    transporter,
  });
}
