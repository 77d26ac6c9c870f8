import type { APIError } from "cloudflare";
import { clockHint } from "../../lib/clock.ts";
import { NoAnswer } from "../../lib/deadline.ts";

type Answer = Pick<APIError, "errors" | "message" | "status"> & { readonly cause?: unknown };

/**
 * What Cloudflare answered instead of what was asked for, as a sentence without its words, which may repeat the request.
 */
export function cloudflareAnswer({ status, errors, message, cause }: Answer): string {
  if (status === undefined) {
    return `Cloudflare does not answer: ${reasonOf(cause) ?? message}`;
  }
  const codes = errors.map(({ code }) => code);
  return `Cloudflare answers ${status}${codes.length > 0 ? ` (code ${codes.join(", ")})` : ""}`;
}

/** Whether a call has failed since its answer did not come in time, or not to its end. */
export function isLate({ cause }: { readonly cause?: unknown }): boolean {
  return cause instanceof NoAnswer;
}

/** Why there is no answer, without words of others: those on a header that cannot be sent show it whole. */
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
