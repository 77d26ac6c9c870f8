import { JWT } from "google-auth-library";
import type { KeyFile } from "./keyFile.ts";
import { proxiedTransporter } from "./transport.ts";

/**
 * A client that acts with a service account's key, and asks for its tokens where the key file says, as lego does.
 *
 * @param key the key file
 * @param scopes what it may be used for (https://developers.google.com/identity/protocols/oauth2/scopes)
 * @param timeout how long each call may take, in milliseconds. Default: as long as any request
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
