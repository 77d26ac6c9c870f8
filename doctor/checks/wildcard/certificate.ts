import { hasWildcard, type Check, type Context, type Outcome } from "../../check.ts";
import { wildcardOf, type WatchedCertificate } from "../../facts/wildcard.ts";
import type { ServedCertificate } from "../../facts/wire.ts";
import { found, ifAvailable, NotAvailable, type Finding, type Problem } from "../../finding.ts";
import { refreshAndDeploy } from "../remedies.ts";
import { describeCertificate, orderAgain } from "./commands.ts";
import { isReady } from "./watched.ts";

const missing: Problem = {
  id: "wildcard-secret-missing",
  severity: "error",
  title: "The Secret of the wildcard certificate is missing, or contains no certificate",
  why: "The Gateway reads the Secret. cert-manager, if it is running, restores the certificate; the command shows its status.",
  command: describeCertificate,
};

const another: Problem = {
  id: "wildcard-secret-another",
  severity: "error",
  title: "The Secret contains a certificate other than the stack's wildcard certificate",
  why: "A name is missing in the certificate, or its issuer differs. Either another tool also writes the Secret, or cert-manager is not running; otherwise it would order the certificate again. The command shows the status.",
  command: describeCertificate,
};

const expired: Problem = {
  id: "wildcard-expired",
  severity: "error",
  title: "The wildcard certificate has expired",
  why: "Browsers refuse all deployments of tenants. Fix the error that the order reports; the command makes cert-manager retry immediately.",
  command: orderAgain,
};

const overdue: Problem = {
  id: "wildcard-renewal-overdue",
  severity: "warning",
  title: "The renewal of the wildcard certificate is overdue",
  why: "cert-manager renews the certificate after two thirds of its lifetime, and retries after failures. Either cert-manager is not running, or its orders fail.",
  command: describeCertificate,
};

/** How long a renewal may take before it is overdue, in milliseconds: an order, and a retry by cert-manager. */
const renewedWithin = 2 * 60 * 60 * 1_000;

/** The certificate from cert-manager, in the Secret that the Gateway reads. */
export const wildcardSecret: Check = {
  id: "wildcard-certificate",
  group: "Wildcard certificate",
  title: "The Secret that the Gateway reads contains the wildcard certificate",
  problems: [missing, another, expired, overdue],
  applies: hasWildcard,
  run: async (context) => {
    const { expected, wildcard } = context;
    const { secretName, namespace, dnsNames } = wildcardOf(expected);
    const [secret, certificate] = await Promise.all([
      wildcard.secret(),
      ifAvailable(wildcard.certificate()),
    ]);
    // The check of the order then reports the status.
    const isAwaited = certificate !== undefined && !isReady(certificate);
    const held = secret?.certificate;
    if (held === undefined) {
      if (isAwaited) {
        throw new NotAvailable("cert-manager has no certificate yet");
      }
      const seen = secret === undefined ? "no such Secret" : "no certificate in tls.crt";
      const wanted = `Secret ${secretName} in ${namespace} with ${dnsNames.join(", ")}`;
      const evidence = { expected: wanted, seen };
      return {
        seen,
        found: [found(missing, expected, evidence)].map(withCommand(context, certificate)),
      };
    }
    const outcome = life(context, held, certificate);
    // Until the new certificate is issued, the Secret correctly contains the previous one.
    const others = isAwaited ? [] : origin(context, held, secret?.issuer);
    return {
      ...outcome,
      found: [...others, ...outcome.found].map(withCommand(context, certificate)),
    };
  },
};

/** Replaces the command if the Certificate is missing: it is to be created before it can be described or retried. */
function withCommand({ expected }: Context, certificate: WatchedCertificate | undefined) {
  return (finding: Finding): Finding =>
    certificate === undefined ? { ...finding, command: refreshAndDeploy(expected) } : finding;
}

function origin(
  { expected }: Context,
  { names }: ServedCertificate,
  issuedBy: string | undefined,
): Finding[] {
  const { dnsNames, issuer } = wildcardOf(expected);
  const fits = dnsNames.every((name) => names.includes(name)) && issuedBy === issuer;
  return fits
    ? []
    : [
        found(another, expected, {
          expected: `${dnsNames.join(", ")} from the Issuer ${issuer}`,
          seen: `${names.join(", ") || "no names"} from ${issuedBy === undefined ? "an unknown issuer" : `the Issuer ${issuedBy}`}`,
        }),
      ];
}

function life(
  { expected, now }: Context,
  { notAfter }: ServedCertificate,
  certificate: WatchedCertificate | undefined,
): Outcome {
  const time = certificate?.status?.renewalTime;
  const renewal = time === undefined ? undefined : new Date(time);
  const validity = `valid until ${notAfter.toISOString()}`;
  const seen =
    renewal === undefined
      ? `${validity}, renewal time unknown`
      : `${validity}, renewed from ${renewal.toISOString()} on`;
  const problem =
    notAfter <= now
      ? expired
      : renewal !== undefined && now.getTime() - renewal.getTime() > renewedWithin
        ? overdue
        : undefined;
  return {
    seen,
    times: { wildcardExpiry: notAfter, ...(renewal && { wildcardRenewal: renewal }) },
    found:
      problem === undefined
        ? []
        : [
            found(problem, expected, {
              expected: `valid at ${now.toISOString()}, and renewed${renewal ? ` after ${renewal.toISOString()}` : ""}`,
              seen: validity,
            }),
          ],
  };
}
