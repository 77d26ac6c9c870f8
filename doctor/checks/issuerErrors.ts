import { kubectl } from "../../lib/clusterCommand.ts";
import { letsEncryptDirectory } from "../../config/environment.ts";
import type { Expectation } from "../expectation.ts";
import type { Problem } from "../finding.ts";
import { shell } from "../../lib/shell.ts";
import { caErrors } from "./issuer/caErrors.ts";
import { dnsErrors } from "./issuer/dnsErrors.ts";
import type { IssuerError } from "./issuer/issuerError.ts";
import { cleanUpErrors, containerErrors, outcomes, settingErrors } from "./issuer/startErrors.ts";

/** Why something has failed, the more special before the more general: a line has one cause, the first that fits. */
const causes: readonly IssuerError[] = [
  ...settingErrors,
  ...dnsErrors,
  ...containerErrors,
  ...caErrors,
  ...cleanUpErrors,
];

/** What the issuer writes when it fails, as far as its words are known. */
export const issuerErrors: readonly IssuerError[] = [...causes, ...outcomes];

/** Words of the issuer that are none of {@link issuerErrors}. */
export const unknownError: Problem = {
  id: "log-unknown",
  severity: "warning",
  title: "The issuer complains in words that the doctor does not know",
  why: "They are shown as they are, without the time. The lines around them may say more.",
  command: (expected) => kubectl(expected, shell`logs ${expected.names.pod} | grep -i -C 5 'cert'`),
};

/** That the issuer says nothing any more. */
export const silence: Problem = {
  id: "log-silent",
  severity: "warning",
  title: "The issuer has asked the CA, and waits without a word",
  why: "Where the CA answers that it is too early (429 or 503), the provider does what it is told and tries again after that time, be it days, and logs nothing. Mostly a rate limit is reached; a restart would only ask again.",
  command: ({ host }) => shell`curl 'https://crt.sh/?q=${host}&output=json'`,
};

/** What reads like an error and is none, or only repeats one. */
const harmless =
  /retry due to: |unknown record ID for|context canceled|did not match any challenge/i;

/** What only the issuer writes: the provider's log has the words of all its parts. */
const complaint =
  /\bERR\b.*module=cert-issuer|\[(WARN|ERROR|FATAL)\] |acme: error|acme:error:|^Error: .*(acme|cert|lego)|^(googlecloud|cloudflare): /i;

/** What another part of the provider writes, whatever it complains of. */
const ofAnotherPart = / module=(?!cert-issuer\b)/;

/** What a line of the log says is wrong: the cause, what has come of it, both or neither. */
export function explain(text: string, expected: Expectation): readonly IssuerError[] {
  if (ofAnotherPart.test(text) || harmless.test(text)) {
    return [];
  }
  const fits = ({ pattern, means, applies }: IssuerError) =>
    pattern.test(text) && (means?.(text) ?? true) && (applies?.(expected) ?? true);
  return [causes.find(fits), outcomes.find(fits)].filter((error) => error !== undefined);
}

/** Whether a line is a complaint of the issuer's that {@link explain} has no word for. */
export function isUnknown(text: string, expected: Expectation): boolean {
  return complaint.test(text) && !harmless.test(text) && explain(text, expected).length === 0;
}

/** lego's words for a certificate that has come: what failed before is mended. */
export const issued = /Server responded with a certificate/i;

/** The provider's words for a certificate that it has begun to serve, be it one that was stored (cmd/certs.go). */
export const served = /watching dir '.*' for cert changes/;

/** lego's words before it asks the CA for something, after which it says how that went. */
export const asks = /acme: (Obtaining (bundled )?SAN certificate|Registering account)/;

/** What lego, or the provider's issuer, writes whatever it says. */
export const ofIssuer = /module=cert-issuer|\bacme\b|\[(INFO|WARN)\] |certificate/;

/** Whether a stack's directory is one of Let's Encrypt's. */
export function usesLetsEncrypt({ directoryUrl }: Expectation): boolean {
  return Object.values<string>(letsEncryptDirectory).includes(directoryUrl);
}
