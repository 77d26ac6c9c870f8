import { RunError } from "@pulumi/pulumi";
import Cloudflare from "cloudflare";
import { proxiedFetch } from "../../lib/proxiedFetch.ts";
import type { CloudflareAccess } from "../access.ts";
import { refuseUnusableCloudflare } from "../unusable.ts";

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
  return client({ apiToken, endpoint }, maxRetries);
}

/**
 * A client that acts as the operator: it sends all that is said of the identity, as the plugin does, so that Cloudflare
 * takes both for the same.
 *
 * @param access how the plugin reaches Cloudflare
 * @param maxRetries how often a call is repeated that failed in passing. Default: as the client does
 * @throws RunError when the access cannot be used
 */
export function operatorClient(access: CloudflareAccess, maxRetries?: number): Cloudflare {
  refuseUnusableCloudflare(access);
  if (!namesOperator(access)) {
    throw new RunError(
      "Nothing says who you are at Cloudflare.\n      export CLOUDFLARE_API_TOKEN='TOKEN'",
    );
  }
  return client(access, maxRetries);
}

/** Whether there is anything that says who the operator is. */
export function namesOperator({ apiToken, apiKey, userServiceKey }: CloudflareAccess): boolean {
  return [apiToken, apiKey, userServiceKey].some((value) => value !== undefined);
}

function client(access: CloudflareAccess, maxRetries: number | undefined): Cloudflare {
  const { apiToken, apiKey, email, userServiceKey, endpoint } = access;
  return new Cloudflare({
    // What is undefined here the client would take from the environment, which access has been found in already.
    apiToken: apiToken ?? null,
    apiKey: apiKey ?? null,
    apiEmail: email ?? null,
    userServiceKey: userServiceKey ?? null,
    // The client knows no proxy.
    fetch: proxiedFetch,
    ...(maxRetries !== undefined && { maxRetries }),
    // The client puts a slash between an address and a path.
    ...(endpoint !== undefined && { baseURL: endpoint.replace(/\/$/, "") }),
  });
}
