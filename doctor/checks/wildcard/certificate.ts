import { hasWildcard, type Check, type Context, type Outcome } from "../../check.ts";
import { wildcardOf, type WatchedCertificate } from "../../facts/wildcard.ts";
import type { ServedCertificate } from "../../facts/wire.ts";
import { found, ifSeen, NotSeen, type Finding, type Problem } from "../../finding.ts";
import { refreshAndDeploy } from "../mend.ts";
import { describeCertificate, orderAgain } from "./commands.ts";
import { isReady } from "./watched.ts";

const missing: Problem = {
  id: "wildcard-secret-missing",
  severity: "error",
  title: "The Secret of the wildcard certificate is missing, or holds no certificate",
  why: "The Gateway reads it. cert-manager puts the certificate in again as soon as it sees that, if it runs; the command shows what it says.",
  command: describeCertificate,
};

const another: Problem = {
  id: "wildcard-secret-another",
  severity: "error",
  title: "The Secret holds another certificate than the wildcard certificate of the stack",
  why: "It lacks a name, or is by another issuer: something else writes the Secret, too, or cert-manager does not run, which orders it anew otherwise. The command shows what it says.",
  command: describeCertificate,
};

const expired: Problem = {
  id: "wildcard-expired",
  severity: "error",
  title: "The wildcard certificate has expired",
  why: "Browsers refuse all deployments of tenants. Mend what the order says; the command has cert-manager try at once.",
  command: orderAgain,
};

const overdue: Problem = {
  id: "wildcard-renewal-overdue",
  severity: "warning",
  title: "The wildcard certificate was to be renewed and is not",
  why: "cert-manager renews it when two thirds of its life are over, and tries again after failures. Either it does not run, or its orders fail.",
  command: describeCertificate,
};

/** How long a renewal may take before it is overdue, in milliseconds: an order, and a retry of cert-manager's. */
const renewedWithin = 2 * 60 * 60 * 1_000;

/** The certificate that cert-manager has obtained, where the Gateway reads it. */
export const wildcardSecret: Check = {
  id: "wildcard-certificate",
  group: "Wildcard certificate",
  title: "The Secret that the Gateway reads holds the wildcard certificate",
  problems: [missing, another, expired, overdue],
  applies: hasWildcard,
  run: async (context) => {
    const { expected, wildcard } = context;
    const { secretName, namespace, dnsNames } = wildcardOf(expected);
    const [secret, certificate] = await Promise.all([
      wildcard.secret(),
      ifSeen(wildcard.certificate()),
    ]);
    // Then the check of the order says what there is to say.
    const isAwaited = certificate !== undefined && !isReady(certificate);
    const held = secret?.certificate;
    if (held === undefined) {
      if (isAwaited) {
        throw new NotSeen("cert-manager has none yet");
      }
      const seen = secret === undefined ? "no such Secret" : "no certificate in tls.crt";
      const wanted = `Secret ${secretName} in ${namespace} with ${dnsNames.join(", ")}`;
      const sighting = { expected: wanted, seen };
      return {
        seen,
        found: [found(missing, expected, sighting)].map(mendable(context, certificate)),
      };
    }
    const outcome = life(context, held, certificate);
    // Until a new one is there, it is right that there is the one before.
    const others = isAwaited ? [] : origin(context, held, secret?.issuer);
    return { ...outcome, found: [...others, ...outcome.found].map(mendable(context, certificate)) };
  },
};

/** Without a Certificate there is nothing to look at or to be tried again, and it is to be made first. */
function mendable({ expected }: Context, certificate: WatchedCertificate | undefined) {
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
          expected: `${dnsNames.join(", ")} by the Issuer ${issuer}`,
          seen: `${names.join(", ") || "no names"} by ${issuedBy === undefined ? "somebody else" : `the Issuer ${issuedBy}`}`,
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
      ? `${validity}, renewal not known`
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
