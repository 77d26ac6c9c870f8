import { gaxios } from "google-auth-library";
import { messageOf } from "../../lib/errors.ts";

/**
 * What Google answered instead of what was asked for, as a sentence without its words, which may repeat the request.
 *
 * @param error what its client threw
 */
export function googleCloudAnswer(error: unknown): string {
  if (!(error instanceof gaxios.GaxiosError)) {
    return `Google was not asked: ${messageOf(error)}`;
  }
  const { status, code, response } = error;
  if (status === undefined) {
    return `Google does not answer (${code ?? "no reason given"})`;
  }
  const reason = reasonOf(response?.data);
  return `Google answers ${status}${reason === undefined ? "" : ` (${reason})`}`;
}

/** The name of the error (https://cloud.google.com/apis/design/errors), if it is one. */
function reasonOf(body: unknown): string | undefined {
  const reason = (body as { readonly error?: { readonly status?: unknown } } | undefined)?.error
    ?.status;
  return typeof reason === "string" && /^[A-Z_]+$/.test(reason) ? reason : undefined;
}
