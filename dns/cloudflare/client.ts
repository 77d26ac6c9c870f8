import Cloudflare from "cloudflare";
import { proxiedFetch } from "../../lib/proxiedFetch.ts";
import type { CloudflareAccess } from "../access.ts";

/**
 * A client that sends this token alone, so that what comes of it is about the token.
 *
 * @param apiToken the API token
 * @param endpoint the API's address. Default: Cloudflare's own
 * @param maxRetries how often a call is repeated that failed in passing. Default: as the client does
 */
export function tokenClient(
  apiToken: string,
  endpoint: string | undefined,
  maxRetries?: number,
): Cloudflare {
  return new Cloudflare({
    apiToken,
    // The client adds the operator's own credentials from the environment, which would answer in the token's place.
    apiKey: null,
    apiEmail: null,
    userServiceKey: null,
    ...(maxRetries !== undefined && { maxRetries }),
    ...address(endpoint),
  });
}

/** A client that acts as the operator: with the token that the plugin has, else with what the environment holds. */
export function operatorClient({ apiToken, endpoint }: CloudflareAccess): Cloudflare {
  return apiToken === undefined
    ? new Cloudflare({ apiToken: null, ...address(endpoint) })
    : // The plugin prefers the token, too, where the client would send all that it finds.
      tokenClient(apiToken, endpoint);
}

/** The client puts a slash between an address and a path, and knows no proxy. */
function address(endpoint: string | undefined) {
  return {
    fetch: proxiedFetch,
    ...(endpoint !== undefined && { baseURL: endpoint.replace(/\/$/, "") }),
  };
}
