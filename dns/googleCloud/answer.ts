import { RunError } from "@pulumi/pulumi";
import { gaxios } from "google-auth-library";
import { messageOf } from "../../lib/errors.ts";
import { isMap } from "../../lib/json.ts";
import { refusalIn } from "./refusal.ts";
import { shell } from "../../lib/shell.ts";

/**
 * What Google answered instead of what was asked for, as a sentence without its words, which may repeat the request.
 *
 * @param error what its client threw
 */
export function googleCloudAnswer(error: unknown): string {
  if (error instanceof RunError) {
    return error.message;
  }
  if (error instanceof TypeError) {
    // The error for a header that cannot be sent shows it whole.
    return "Google was not asked: the request could not be sent";
  }
  if (!(error instanceof gaxios.GaxiosError)) {
    return `Google was not asked: ${messageOf(error)}`;
  }
  const { status, code, response, config } = error;
  if (status === undefined) {
    return `Google does not answer (${code ?? "no reason given"})`;
  }
  const reason = reasonOf(response?.data);
  const answer = `Google answers ${status}${reason === undefined ? "" : ` (${reason})`}`;
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
    ? `${answer}: you may not act as ${decodeURIComponent(impersonated)}, which takes roles/iam.serviceAccountTokenCreator on it`
    : answer;
}

/**
 * The name of the error, if it is one: of an API (https://cloud.google.com/apis/design/errors), or of an exchange for a
 * token (RFC 6749, 5.2).
 */
function reasonOf(body: unknown): string | undefined {
  const error = isMap(body) ? body.error : undefined;
  const reason = isMap(error) ? error.status : error;
  return typeof reason === "string" && /^[A-Z_]+$|^[a-z_]+$/.test(reason) ? reason : undefined;
}
