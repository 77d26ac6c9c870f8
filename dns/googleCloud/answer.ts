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
    const message = messageOf(error);
    // So google-auth-library tells of an answer of the Security Token Service (auth/oauth2common.js).
    const [, code] = /^Error code ([a-z_]+)/.exec(message) ?? [];
    return code === undefined
      ? `Google was not asked: ${message}`
      : `Google does not take the token of the other identity provider (${code.replaceAll("_", " ")}): it has expired, or ` +
          "the pool takes no such issuer, subject or audience. See audience and credential_source in the credentials file";
  }
  const { status, code, response, config } = error;
  if (status === undefined) {
    return `Google does not answer (${code ?? "no reason given"})`;
  }
  if (config.url.pathname.startsWith("/computeMetadata/")) {
    return `No credentials loaded: the metadata server of this machine answers ${status}, since the machine has no service account`;
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
    ? `${answer}: you may not act as ${decodeURIComponent(impersonated)}, which takes roles/iam.serviceAccountTokenCreator on it, or roles/iam.workloadIdentityUser for an identity of another provider`
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
