import {
  certManagerApi,
  certManagerVersion,
  issuerKind,
  type Certificate,
} from "../../../components/ingressCertificate/certManager.ts";
import { joined, shell, verbatim } from "../../../lib/shell.ts";
import { helm, kubectl } from "../../../lib/clusterCommand.ts";
import { hasWildcard, type Check, type Context, type Outcome } from "../../check.ts";
import type { Expectation } from "../../expectation.ts";
import { wildcardOf, type WatchedCertificate } from "../../facts/wildcard.ts";
import type { AttemptStep, OrderAttempt } from "../../facts/orderAttempt.ts";
import { found, ifAvailable, type Finding, type Problem } from "../../finding.ts";
import { refreshAndDeploy } from "../remedies.ts";
import { describeOrders, inGateway, thenOrder } from "./commands.ts";
import { explainOrder, orderErrors, type OrderError } from "./orderErrors.ts";
import { changedAt, conditionOf, isObserved, isReady } from "./watched.ts";

const typesMissing: Problem = {
  id: "wildcard-types-missing",
  severity: "error",
  title: "The cluster no longer has cert-manager's resource types",
  why: "cert-manager was uninstalled or replaced by another version. Its Certificates and Issuers were deleted with the types, so the wildcard certificate is not renewed. The Secret remains.",
  command: (expected) => {
    const chart = shell`cert-manager oci://quay.io/jetstack/charts/cert-manager --version ${certManagerVersion}`;
    const install = helm(
      { ...expected, namespace: "cert-manager" },
      shell`upgrade --install ${verbatim(chart)} --create-namespace --reuse-values --set crds.enabled=true`,
    );
    return joined([install, refreshAndDeploy(expected)], " && ");
  },
};

const missing: Problem = {
  id: "wildcard-certificate-missing",
  severity: "error",
  title: "cert-manager's Certificate for the tenants' ingress is missing",
  why: "The Certificate was deleted. The Secret remains, but its certificate is not renewed.",
  command: refreshAndDeploy,
};

const changed: Problem = {
  id: "wildcard-certificate-changed",
  severity: "error",
  title: "cert-manager's Certificate differs from the stack's",
  why: "The Certificate was changed by hand: its Secret, names or issuer differ. The next `pulumi up` does not detect the change.",
  command: refreshAndDeploy,
};

const unattended: Problem = {
  id: "wildcard-unattended",
  severity: "error",
  title: "cert-manager does not process the Certificate",
  why: "cert-manager sets a status on each Certificate within seconds. Either it is not running, or it has no permission to read this namespace.",
  command: ({ kubeContext, kubeconfig }) =>
    kubectl(
      { kubeContext, kubeconfig },
      shell`get pods -A -l app.kubernetes.io/instance=cert-manager`,
    ),
};

const ordering: Problem = {
  id: "wildcard-ordering",
  severity: "info",
  title: "The wildcard certificate is being ordered",
  why: "An order takes a minute or two, most of which cert-manager waits for DNS. The command waits until the order is complete.",
  command: (expected) =>
    inGateway(
      expected,
      shell`wait --for=condition=Ready --timeout=5m certificates.cert-manager.io/${wildcardOf(expected).certificate}`,
    ),
};

const slow: Problem = {
  id: "wildcard-order-slow",
  severity: "error",
  title: "The order of the wildcard certificate does not complete",
  why: "An order usually takes a minute or two. The command shows what cert-manager waits for.",
  command: describeOrders,
};

const failed: Problem = {
  id: "wildcard-order-failed",
  severity: "error",
  title: "The order of the wildcard certificate has failed",
  why: "cert-manager retries after one hour, then after two, and finally every 32 hours. After you fix the cause, you can request an immediate retry (docs/wildcard.md).",
  command: describeOrders,
};

const minute = 60 * 1_000;
/** How long cert-manager may take to set a status on a Certificate; usually a matter of seconds. */
const attendedWithin = 5 * minute;
/** How long an order may take: a minute for cert-manager's own wait, and several for DNS. */
const orderedWithin = 10 * minute;

/** cert-manager's Certificate, and the order for it. */
export const wildcardOrder: Check = {
  id: "wildcard-order",
  group: "Wildcard certificate",
  title: "cert-manager has obtained the stack's wildcard certificate",
  problems: [
    ...[typesMissing, missing, changed, unattended, ordering, slow, failed],
    ...orderErrors,
  ],
  applies: hasWildcard,
  run: async (context) => {
    const { expected, wildcard } = context;
    const { certificate: name, namespace } = wildcardOf(expected);
    const certificate = await wildcard.certificate();
    if (certificate === undefined) {
      const wanted = `Certificate ${name} in ${namespace}`;
      const finding = (await wildcard.hasTypes())
        ? found(missing, expected, { expected: wanted, seen: "no such Certificate" })
        : found(typesMissing, expected, {
            expected: wanted,
            seen: "no resource types of cert-manager.io",
          });
      return { seen: finding.seen, found: [finding] };
    }
    const differences = differencesOf(certificate, expected);
    if (differences.length > 0) {
      return { seen: "a different Certificate", found: differences };
    }
    return progress(context, certificate);
  },
};

function differencesOf({ spec }: WatchedCertificate, expected: Expectation): Finding[] {
  const { secretName, dnsNames, issuer } = wildcardOf(expected);
  const fields = ({ secretName, dnsNames = [], issuerRef }: NonNullable<Certificate["spec"]>) => ({
    "spec.secretName": secretName ?? "",
    "spec.dnsNames": [...dnsNames].sort().join(", "),
    "spec.issuerRef.name": issuerRef?.name ?? "",
    // With cert-manager's defaults.
    "spec.issuerRef.kind": issuerRef?.kind ?? issuerKind,
    "spec.issuerRef.group": issuerRef?.group ?? certManagerApi.group,
  });
  const wanted = Object.entries(fields({ secretName, dnsNames, issuerRef: { name: issuer } }));
  const live = fields(spec ?? {});
  const differing = wanted.filter(([field, text]) => live[field as keyof typeof live] !== text);
  return differing.length === 0
    ? []
    : [
        found(changed, expected, {
          expected: differing.map(([field, text]) => `${field} ${text}`).join("\n"),
          seen: differing
            .map(([field]) => `${field} ${live[field as keyof typeof live] || "none"}`)
            .join("\n"),
        }),
      ];
}

/** The progress of the order. */
async function progress(
  { expected, wildcard, now }: Context,
  certificate: WatchedCertificate,
): Promise<Outcome> {
  const { issuer } = wildcardOf(expected);
  const outcome = (problem: Problem, seen: string): Outcome => ({
    seen,
    found: [found(problem, expected, { expected: `a certificate from ${issuer}`, seen })],
  });
  const since = (time: string | Date | undefined) =>
    time === undefined ? 0 : now.getTime() - new Date(time).getTime();
  if (!isObserved(certificate)) {
    const seen = "cert-manager reports no status yet";
    return since(changedAt(certificate)) < attendedWithin
      ? outcome(ordering, seen)
      : outcome(
          unattended,
          `${seen}, since ${changedAt(certificate)?.toISOString() ?? "its creation"}`,
        );
  }
  const ready = conditionOf(certificate, "Ready");
  const issuing = conditionOf(certificate, "Issuing");
  const failedAt = certificate.status?.lastFailureTime;
  if (failedAt === undefined && isReady(certificate)) {
    return { seen: `ready, from the Issuer ${issuer}`, found: [] };
  }
  const attempt = await ifAvailable(wildcard.attempt());
  const isOver = issuing?.status !== "True" && failedAt !== undefined;
  const started = attempt?.request.createdAt ?? issuing?.lastTransitionTime;
  const isLate = since(started ?? ready?.lastTransitionTime) > orderedWithin;
  const explained = explainedIn(attempt).filter(({ error }) => !error.passes || isLate || isOver);
  if (explained.length > 0) {
    return {
      seen: "an order with an error",
      found: explained.map(({ error, step, message }) =>
        found(error, expected, {
          subject: step,
          expected: `a certificate from ${issuer}`,
          seen: message,
          ...(isOver &&
            error.fixes === true && { command: thenOrder(expected, error.command(expected)) }),
        }),
      ),
    };
  }
  const message =
    [lastMessage(attempt), issuing?.message, ready?.message].find(Boolean) ?? "no reason given";
  if (isOver) {
    return outcome(failed, `since ${failedAt}: ${message}`);
  }
  return outcome(isLate ? slow : ordering, message);
}

interface Explained {
  readonly error: OrderError;
  /** The object that reports the error. */
  readonly step: string;
  readonly message: string;
}

/** The errors that the steps of an attempt report, from the challenges to the request, each once. */
function explainedIn(attempt: OrderAttempt | undefined): readonly Explained[] {
  const reported = stepsOf(attempt).flatMap(([kind, { name, reason }]): Explained[] => {
    const error = explainOrder(reason);
    return error === undefined ? [] : [{ error, step: `${kind}/${name}`, message: reason }];
  });
  return reported.filter(
    ({ error }, index) => reported.findIndex((other) => other.error === error) === index,
  );
}

/** The message nearest to the cause. */
function lastMessage(attempt: OrderAttempt | undefined): string | undefined {
  const [first] = stepsOf(attempt).filter(([, { reason }]) => reason !== "");
  return first && `${first[0]} ${first[1].name}: ${first[1].reason}`;
}

function stepsOf(
  attempt: OrderAttempt | undefined,
): readonly (readonly [kind: string, step: AttemptStep])[] {
  return attempt === undefined
    ? []
    : [
        ...attempt.challenges.map((step) => ["Challenge", step] as const),
        ...(attempt.order === undefined ? [] : [["Order", attempt.order] as const]),
        ["CertificateRequest", attempt.request],
      ];
}
