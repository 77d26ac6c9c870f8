import Cloudflare from "cloudflare";

/**
 * A client that sends this token alone, so that what comes of it is about the token.
 *
 * @param apiToken the API token
 * @param endpoint the API's address. Default: Cloudflare's own
 * @param maxRetries how often a call is repeated that failed in passing
 */
export function tokenClient(
  apiToken: string,
  endpoint: string | undefined,
  maxRetries: number,
): Cloudflare {
  return new Cloudflare({
    apiToken,
    // The client adds the operator's own credentials from the environment, which would answer in the token's place.
    apiKey: null,
    apiEmail: null,
    userServiceKey: null,
    maxRetries,
    ...(endpoint !== undefined && { baseURL: endpoint.replace(/\/$/, "") }),
  });
}
