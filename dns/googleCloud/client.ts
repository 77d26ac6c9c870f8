import { JWT } from "google-auth-library";
import type { KeyFile } from "./keyFile.ts";
import { proxiedTransporter } from "./transport.ts";

/**
 * A client with a service account's key. As lego, it requests tokens at the address in the key file.
 *
 * @param key the key file
 * @param scopes OAuth scopes (https://developers.google.com/identity/protocols/oauth2/scopes)
 * @param timeout time limit of each call, in milliseconds. Default: that of every request
 */
export function keyClient(key: KeyFile, scopes: readonly string[], timeout?: number): JWT {
  return new JWT({
    email: key.client_email,
    key: key.private_key,
    ...(key.private_key_id !== undefined && { keyId: key.private_key_id }),
    scopes: [...scopes],
    additionalClaims: { aud: key.token_uri },
    transporter: proxiedTransporter(key.token_uri, timeout),
  });
}
