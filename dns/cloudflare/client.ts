import { RunError } from "@pulumi/pulumi";
import Cloudflare from "cloudflare";
import { requestTimeout, withDeadline } from "../../lib/deadline.ts";
import { proxiedFetch } from "../../lib/proxiedFetch.ts";
import type { CloudflareAccess } from "../access.ts";
import { refuseUnusableCloudflare } from "../unusable.ts";

/** How often and how long a client tries to reach Cloudflare. */
export interface CloudflarePatience {
  /** How often a call is retried after a transient failure. Default: twice. */
  readonly maxRetries?: number | undefined;
  /** Time limit of a call with all its retries, in milliseconds. Default: that of every request. */
  readonly timeout?: number | undefined;
}

/**
 * A client that sends only this token, so that every response is about the token.
 *
 * @param apiToken the API token
 * @param endpoint endpoint of the API. Default: Cloudflare's own
 * @param patience retries and time limit
 */
export function tokenClient(
  apiToken: string,
  endpoint: string | undefined,
  patience?: CloudflarePatience,
): Cloudflare {
  return client({ apiToken, endpoint }, patience);
}

/**
 * A client with the identity that runs Pulumi. As the plugin, it sends every identity field that is set, so that Cloudflare
 * authenticates both alike.
 *
 * @param access endpoint and identity of the plugin
 * @param patience retries and time limit
 * @throws RunError when the credentials are missing or unusable
 */
export function operatorClient(
  access: CloudflareAccess,
  patience?: CloudflarePatience,
): Cloudflare {
  refuseUnusableCloudflare(access);
  if (!namesOperator(access)) {
    throw new RunError(
      "There are no credentials for Cloudflare.\n      export CLOUDFLARE_API_TOKEN='TOKEN'",
    );
  }
  return client(access, patience);
}

/** Whether an access has any credentials. */
export function namesOperator({ apiToken, apiKey, userServiceKey }: CloudflareAccess): boolean {
  return [apiToken, apiKey, userServiceKey].some((value) => value !== undefined);
}

function client(
  access: CloudflareAccess,
  { maxRetries = 2, timeout = requestTimeout }: CloudflarePatience = {},
): Cloudflare {
  const share = timeout / (1 + maxRetries);
  const { apiToken, apiKey, email, userServiceKey, endpoint } = access;
  return new Cloudflare({
    // The client would read undefined fields from the environment, which findAccess has read already.
    apiToken: apiToken ?? null,
    apiKey: apiKey ?? null,
    apiEmail: email ?? null,
    userServiceKey: userServiceKey ?? null,
    maxRetries,
    // The client supports no proxy, and its time limit ends at the response's headers.
    fetch: (input, init) => withDeadline(share, (signal) => wholeAnswer(input, init, signal)),
    // The client adds a slash between the endpoint and a path.
    ...(endpoint !== undefined && { baseURL: endpoint.replace(/\/$/, "") }),
  });
}

/** The response to a request, read completely. */
async function wholeAnswer(
  input: string | URL | Request,
  init: RequestInit | undefined,
  deadline: AbortSignal,
): Promise<Response> {
  const signal = AbortSignal.any([deadline, ...(init?.signal ? [init.signal] : [])]);
  const { status, statusText, headers, body } = await proxiedFetch(input, { ...init, signal });
  const text = body === null ? null : await new Response(body).arrayBuffer();
  return new Response(text, { status, statusText, headers });
}
