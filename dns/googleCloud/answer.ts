import { RunError } from "@pulumi/pulumi";
import { gaxios } from "google-auth-library";
import { clockHint, setClock } from "../../lib/clock.ts";
import { NoAnswer, requestTimeout } from "../../lib/deadline.ts";
import { messageOf } from "../../lib/errors.ts";
import { isMap } from "../../lib/json.ts";
import { refusalIn } from "./refusal.ts";
import { shell } from "../../lib/shell.ts";
import { isLate } from "./transport.ts";

/**
 * Describes an error response of Google in a sentence, without the response's text, which may repeat the request.
 *
 * @param error the error that Google's client threw
 */
export function googleCloudAnswer(error: unknown): string {
  if (error instanceof RunError) {
    return error.message;
  }
  if (error instanceof TypeError) {
    // The error for a header that cannot be sent contains the header.
    return "No request reached Google: the request could not be sent";
  }
  if (!(error instanceof gaxios.GaxiosError)) {
    const message = messageOf(error);
    // google-auth-library reports a response of the Security Token Service in this form (auth/oauth2common.js).
    const [, code] = /^Error code ([a-z_]+)/.exec(message) ?? [];
    return code === undefined
      ? `No request reached Google: ${message}`
      : `Google rejects the token of the other identity provider (${code.replaceAll("_", " ")}): the token has expired, or ` +
          "the pool does not accept its issuer, subject or audience. Check audience and credential_source in the credentials file";
  }
  const { status, code, response, config } = error;
  if (status === undefined) {
    const reason = isLate(error)
      ? new NoAnswer(config.timeout ?? requestTimeout).message
      : (clockHint(code) ?? code ?? "no reason given");
    return `Google does not respond (${reason})`;
  }
  const clock = clockProblem(error);
  if (clock !== undefined) {
    return clock;
  }
  if (config.url.pathname.startsWith("/computeMetadata/")) {
    return `No credentials loaded: the metadata server of this machine responds with ${status}, since the machine has no service account`;
  }
  const reason = reasonOf(response?.data);
  const answer = `Google responds with ${status}${reason === undefined ? "" : ` (${reason})`}`;
  const refusal = refusalIn(response?.data);
  if (refusal?.kind === "service disabled") {
    const { service, project } = refusal;
    const enable =
      project === undefined
        ? shell`gcloud services enable ${service}`
        : shell`gcloud services enable ${service} --project=${project}`;
    return `${answer}: the API ${service} is not enabled\n      ${enable}`;
  }
  if (refusal?.kind === "constraint") {
    return `${answer}: the constraint ${refusal.constraint} of the organization's policy forbids it`;
  }
  const [, impersonated] =
    /serviceAccounts\/([^/:]+):generateAccessToken$/.exec(config.url.pathname) ?? [];
  return impersonated !== undefined && status === 403
    ? `${answer}: you may not act as ${decodeURIComponent(impersonated)}, which requires roles/iam.serviceAccountTokenCreator on it, or roles/iam.workloadIdentityUser for an identity of another provider`
    : answer;
}

/**
 * Reports a wrong clock of this machine, where Google refuses the times in a signed request
 * (https://developers.google.com/identity/protocols/oauth2/service-account#error-codes).
 *
 * @param error the error that Google's client threw
 * @returns a sentence with the command; undefined for other errors
 */
export function clockProblem(
  { response }: gaxios.GaxiosError,
  now: Date = new Date(),
): string | undefined {
  const text = isMap(response?.data) ? response.data.error_description : undefined;
  if (typeof text !== "string" || !/short-lived token/i.test(text)) {
    return undefined;
  }
  const theirs = Date.parse(response?.headers.get("date") ?? "");
  const compared = Number.isNaN(theirs) ? "" : `, Google's ${new Date(theirs).toISOString()}`;
  return `This machine's clock is wrong: it shows ${now.toISOString()}${compared}. Set it: ${setClock}`;
}

/**
 * The name of the error, if the response has one: of an API (https://cloud.google.com/apis/design/errors), or of a token
 * exchange (RFC 6749, 5.2).
 */
function reasonOf(body: unknown): string | undefined {
  const error = isMap(body) ? body.error : undefined;
  const reason = isMap(error) ? error.status : error;
  return typeof reason === "string" && /^[A-Z_]+$|^[a-z_]+$/.test(reason) ? reason : undefined;
}
