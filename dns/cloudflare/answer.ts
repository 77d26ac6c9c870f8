import type { APIError } from "cloudflare";
import { clockHint } from "../../lib/clock.ts";
import { NoAnswer } from "../../lib/deadline.ts";

type Answer = Pick<APIError, "errors" | "message" | "status"> & { readonly cause?: unknown };

/**
 * Describes an error response of Cloudflare in a sentence, without the response's text, which may repeat the request.
 */
export function cloudflareAnswer({ status, errors, message, cause }: Answer): string {
  if (status === undefined) {
    return `Cloudflare does not respond: ${reasonOf(cause) ?? message}`;
  }
  const codes = errors.map(({ code }) => code);
  return `Cloudflare responds with ${status}${codes.length > 0 ? ` (code ${codes.join(", ")})` : ""}`;
}

/** Whether a call failed since its response did not arrive completely in time. */
export function isLate({ cause }: { readonly cause?: unknown }): boolean {
  return cause instanceof NoAnswer;
}

/** Why there is no response, without the text of other errors: the one for a header that cannot be sent contains the header. */
function reasonOf(cause: unknown): string | undefined {
  if (cause instanceof NoAnswer) {
    return cause.message;
  }
  if (!(cause instanceof Error)) {
    return undefined;
  }
  const code = "code" in cause && typeof cause.code === "string" ? cause.code : undefined;
  return clockHint(code) ?? reasonOf(cause.cause) ?? code;
}
