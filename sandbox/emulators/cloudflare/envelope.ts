import { ApiError, type Exchange, type Reply } from "../shared/router.ts";

/** One error of a refused call. */
export interface Problem {
  readonly code: number;
  readonly message: string;
  readonly error_chain?: readonly Problem[];
}

/** The texts of the refusals. Cloudflare does not list the codes; each entry names the evidence. */
const REFUSALS = {
  /** github.com/octodns/octodns-cloudflare/issues/60 */
  unauthorized: { status: 403, code: 9109, message: "Unauthorized to access requested resource" },
  /** developers.cloudflare.com/fundamentals/api/troubleshooting, and any call with an unknown token */
  invalidAccessToken: { status: 403, code: 9109, message: "Invalid access token" },
  /** github.com/cloudflare/terraform-provider-cloudflare/issues/913 */
  authentication: { status: 403, code: 10000, message: "Authentication error" },
  /** The response of `tokens/verify` to text that is not a token, or to a token of the other kind */
  invalidApiToken: { status: 401, code: 1000, message: "Invalid API Token" },
  /** github.com/netcccyun/dnsmgr/issues/245 */
  unknownKey: { status: 403, code: 9103, message: "Unknown X-Auth-Key or X-Auth-Email" },
  missingCredential: {
    status: 400,
    code: 9106,
    message: "Missing X-Auth-Key, X-Auth-Email or Authorization headers",
  },
  /** developers.cloudflare.com/fundamentals/api/get-started/create-token; the code is a guess. */
  tooManyTokens: {
    status: 400,
    code: 1001,
    message: "The maximum number of API tokens has been reached",
  },
  /** github.com/jeessy2/ddns-go/issues/1378 */
  identicalRecord: { status: 400, code: 81058, message: "An identical record already exists." },
  /** github.com/zanjie1999/cloudflare-api-v4-ddns/issues/5 */
  noSuchRecord: { status: 404, code: 81044, message: "Record does not exist." },
  /** github.com/cloudflare/cloudflare-go/issues/906 */
  zoneWithoutAccount: { status: 400, code: 1068, message: "Permission denied" },
  /** github.com/DNSControl/dnscontrol/issues/2290 */
  cannotCreateZone: {
    status: 403,
    code: 0,
    message:
      'Requires permission "com.cloudflare.api.account.zone.create" to create zones for the selected account',
  },
  /** github.com/edgefirst-dev/starter/issues/3 */
  accountTokenCannotList: {
    status: 400,
    code: 1001,
    message: "List accounts endpoint does not support account owned tokens.",
  },
} as const;

/** A refusal by its name. */
export function refusal(name: keyof typeof REFUSALS): ApiError {
  const { status, code, message } = REFUSALS[name];
  return cloudflareError(status, { code, message });
}

/** A successful call. */
export function success(result: unknown, more: object = {}): Reply {
  return {
    status: 200,
    body: { result, success: true, errors: [], messages: [], ...more },
  };
}

/**
 * One page of a list, according to `page` and `per_page` of the request.
 *
 * @param most The maximum number of items on a page; 0 for no maximum.
 */
export function page(
  exchange: Exchange,
  items: readonly unknown[],
  most = 0,
  perPageDefault = 20,
): Reply {
  const number = Math.max(1, Number(exchange.query.get("page") ?? 1) || 1);
  const wanted = Math.max(1, Number(exchange.query.get("per_page") ?? perPageDefault) || 1);
  const size = most === 0 ? wanted : Math.min(wanted, most);
  const result = items.slice((number - 1) * size, number * size);
  return success(result, {
    result_info: {
      page: number,
      per_page: size,
      count: result.length,
      total_count: items.length,
      total_pages: Math.ceil(items.length / size),
    },
  });
}

/** A refused call. */
export function cloudflareError(status: number, ...errors: readonly Problem[]): ApiError {
  const body = { result: null, success: false, errors, messages: [] };
  return new ApiError(status, body, errors.map(({ message }) => message).join("; "));
}

/** A request with invalid content. */
export function invalidRequest(code: number, message: string): ApiError {
  return cloudflareError(400, { code, message });
}

/** A header without the format of a Cloudflare token. @see https://github.com/jeessy2/ddns-go/issues/916 */
export function malformedToken(): ApiError {
  return cloudflareError(400, {
    code: 6003,
    message: "Invalid request headers",
    error_chain: [{ code: 6111, message: "Invalid format for Authorization header" }],
  });
}

/** A token that is used from an address that is not allowed. @see https://github.com/jeessy2/ddns-go/issues/1341 */
export function wrongLocation(address: string): ApiError {
  return cloudflareError(403, {
    code: 9109,
    message: `Cannot use the access token from location: ${address}`,
  });
}

/** A path without a route, or with the id of a missing object. */
export function unroutable(path: string): ApiError {
  return cloudflareError(
    404,
    {
      code: 7003,
      message: `Could not route to ${path}, perhaps your object identifier is invalid?`,
    },
    { code: 7000, message: "No route for that URI" },
  );
}
