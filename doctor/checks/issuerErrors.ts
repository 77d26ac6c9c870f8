import { kubectl } from "../../lib/clusterCommand.ts";
import { letsEncryptDirectory } from "../../config/environment.ts";
import type { Expectation } from "../expectation.ts";
import type { Problem } from "../finding.ts";
import { shell } from "../../lib/shell.ts";
import { caErrors } from "./issuer/caErrors.ts";
import { dnsErrors } from "./issuer/dnsErrors.ts";
import type { IssuerError } from "./issuer/issuerError.ts";
import { cleanUpErrors, containerErrors, outcomes, settingErrors } from "./issuer/startErrors.ts";

/** Causes of failures, specific ones first: a line has one cause, the first that matches. */
const causes: readonly IssuerError[] = [
  ...settingErrors,
  ...dnsErrors,
  ...containerErrors,
  ...caErrors,
  ...cleanUpErrors,
];

/** The known errors in the issuer's log. */
export const issuerErrors: readonly IssuerError[] = [...causes, ...outcomes];

/** An error of the issuer that is none of {@link issuerErrors}. */
export const unknownError: Problem = {
  id: "log-unknown",
  severity: "warning",
  title: "The issuer logs an error that the doctor does not know",
  why: "The line is shown unchanged, without the time. The lines around it may contain details.",
  command: (expected) => kubectl(expected, shell`logs ${expected.names.pod} | grep -i -C 5 'cert'`),
};

/** The issuer no longer logs anything. */
export const silence: Problem = {
  id: "log-silent",
  severity: "warning",
  title: "The issuer waits for the CA and logs nothing",
  why: "When the CA responds with 429 or 503 and a time for the retry, the provider waits for that time, possibly for days, and logs nothing. The usual cause is a rate limit; a restart only repeats the request.",
  command: ({ host }) => shell`curl 'https://crt.sh/?q=${host}&output=json'`,
};

/** Lines that look like errors but are none, or only repeat one. */
const harmless =
  /retry due to: |unknown record ID for|context canceled|did not match any challenge/i;

/** Error lines that only the issuer writes; the provider's log contains the lines of all its modules. */
const errorLine =
  /\bERR\b.*module=cert-issuer|\[(WARN|ERROR|FATAL)\] |acme: error|acme:error:|^Error: .*(acme|cert|lego)|^(googlecloud|cloudflare): /i;

/** Lines of another module of the provider. */
const ofAnotherModule = / module=(?!cert-issuer\b)/;

/** The errors that a line of the log reports: a cause, an outcome, both or neither. */
export function explain(text: string, expected: Expectation): readonly IssuerError[] {
  if (ofAnotherModule.test(text) || harmless.test(text)) {
    return [];
  }
  const fits = ({ pattern, means, applies }: IssuerError) =>
    pattern.test(text) && (means?.(text) ?? true) && (applies?.(expected) ?? true);
  return [causes.find(fits), outcomes.find(fits)].filter((error) => error !== undefined);
}

/** Whether a line is an error of the issuer that {@link explain} does not know. */
export function isUnknown(text: string, expected: Expectation): boolean {
  return errorLine.test(text) && !harmless.test(text) && explain(text, expected).length === 0;
}

/** lego's message for an issued certificate; earlier errors are resolved by it. */
export const issued = /Server responded with a certificate/i;

/** The provider's message when it starts to serve a certificate, new or stored (cmd/certs.go). */
export const served = /watching dir '.*' for cert changes/;

/** lego's message before a request to the CA; a message with the result follows. */
export const asks = /acme: (Obtaining (bundled )?SAN certificate|Registering account)/;

/** Any line of lego or of the provider's issuer. */
export const ofIssuer = /module=cert-issuer|\bacme\b|\[(INFO|WARN)\] |certificate/;

/** Whether a stack uses a directory of Let's Encrypt. */
export function usesLetsEncrypt({ directoryUrl }: Expectation): boolean {
  return Object.values<string>(letsEncryptDirectory).includes(directoryUrl);
}
