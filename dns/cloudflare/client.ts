import { RunError } from "@pulumi/pulumi";
import Cloudflare from "cloudflare";
import { requestTimeout, withDeadline } from "../../lib/deadline.ts";
import { proxiedFetch } from "../../lib/proxiedFetch.ts";
import type { CloudflareAccess } from "../access.ts";
import { refuseUnusableCloudflare } from "../unusable.ts";

/** How a client waits for Cloudflare. */
export interface CloudflarePatience {
  /** How often a call is repeated that failed in passing. Default: twice. */
  readonly maxRetries?: number | undefined;
  /** How long a call may take with all its repetitions, in milliseconds. Default: as long as any request. */
  readonly timeout?: number | undefined;
}

/**
 * A client that sends this token alone, so that what comes of it is about the token.
 *
 * @param apiToken the API token
 * @param endpoint the API's address. Default: Cloudflare's own
 * @param patience how long it waits
 */
export function tokenClient(
  apiToken: string,
  endpoint: string | undefined,
  patience?: CloudflarePatience,
): Cloudflare {
  return client({ apiToken, endpoint }, patience);
}

/**
 * A client that acts as the operator: it sends all that is said of the identity, as the plugin does, so that Cloudflare
 * takes both for the same.
 *
 * @param access how the plugin reaches Cloudflare
 * @param patience how long it waits
 * @throws RunError when the access cannot be used
 */
export function operatorClient(
  access: CloudflareAccess,
  patience?: CloudflarePatience,
): Cloudflare {
  refuseUnusableCloudflare(access);
  if (!namesOperator(access)) {
    throw new RunError(
      "Nothing says who you are at Cloudflare.\n      export CLOUDFLARE_API_TOKEN='TOKEN'",
    );
  }
  return client(access, patience);
}

/** Whether there is anything that says who the operator is. */
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
    // What is undefined here the client would take from the environment, which access has been found in already.
    apiToken: apiToken ?? null,
    apiKey: apiKey ?? null,
    apiEmail: email ?? null,
    userServiceKey: userServiceKey ?? null,
    maxRetries,
    // The client knows no proxy, and waits for an answer's beginning alone.
    fetch: (input, init) => withDeadline(share, (signal) => wholeAnswer(input, init, signal)),
    // The client puts a slash between an address and a path.
    ...(endpoint !== undefined && { baseURL: endpoint.replace(/\/$/, "") }),
  });
}

/** The answer to a request, once all of it is there. */
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
