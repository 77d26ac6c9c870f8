import type { APIError } from "cloudflare";

type Answer = Pick<APIError, "errors" | "message" | "status">;

/**
 * What Cloudflare answered instead of what was asked for, as a sentence without its words, which may repeat the request.
 */
export function cloudflareAnswer({ status, errors, message }: Answer): string {
  if (status === undefined) {
    return `Cloudflare does not answer: ${message}`;
  }
  const codes = errors.map(({ code }) => code);
  return `Cloudflare answers ${status}${codes.length > 0 ? ` (code ${codes.join(", ")})` : ""}`;
}
