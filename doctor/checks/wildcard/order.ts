import { certManagerVersion } from "../../../components/ingressCertificate/certManager.ts";
import { joined, shell, verbatim } from "../../../lib/shell.ts";
import { helm, kubectl } from "../../../lib/clusterCommand.ts";
import { hasWildcard, type Check, type Context, type Outcome } from "../../check.ts";
import type { Expectation } from "../../expectation.ts";
import { wildcardOf, type WatchedCertificate } from "../../facts/wildcard.ts";
import type { AttemptStep, OrderAttempt } from "../../facts/orderAttempt.ts";
import { found, ifSeen, type Finding, type Problem } from "../../finding.ts";
import { refreshAndDeploy } from "../mend.ts";
import { describeOrders, inGateway, thenOrder } from "./commands.ts";
import { explainOrder, orderErrors, type OrderError } from "./orderErrors.ts";
import { changedAt, conditionOf, hasBeenLookedAt, isReady } from "./watched.ts";

const typesMissing: Problem = {
  id: "wildcard-types-missing",
  severity: "error",
  title: "The cluster has not cert-manager's types any more",
  why: "cert-manager was uninstalled, or is of another version, and with its types its Certificates and Issuers are gone: nobody renews the wildcard certificate. The Secret stays.",
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
  why: "Somebody has deleted it. The Secret stays, and nobody renews what is in it.",
  command: refreshAndDeploy,
};

const changed: Problem = {
  id: "wildcard-certificate-changed",
  severity: "error",
  title: "cert-manager's Certificate is not as the stack has made it",
  why: "Somebody has changed it by hand: it goes elsewhere, is for other names, or from another issuer. The next `pulumi up` takes no notice of that.",
  command: refreshAndDeploy,
};

const unattended: Problem = {
  id: "wildcard-unattended",
  severity: "error",
  title: "cert-manager does not look at the Certificate",
  why: "It says something of each Certificate within seconds. It does not run, or may not read this namespace.",
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
  why: "That takes a minute or two, most of which cert-manager waits for DNS. The command waits for the end.",
  command: (expected) =>
    inGateway(
      expected,
      shell`wait --for=condition=Ready --timeout=5m certificates.cert-manager.io/${wildcardOf(expected).certificate}`,
    ),
};

const slow: Problem = {
  id: "wildcard-order-slow",
  severity: "error",
  title: "The order of the wildcard certificate does not come to an end",
  why: "It takes a minute or two otherwise. The command shows what cert-manager waits for.",
  command: describeOrders,
};

const failed: Problem = {
  id: "wildcard-order-failed",
  severity: "error",
  title: "The order of the wildcard certificate has failed",
  why: "cert-manager tries again an hour later, then after two, and at last every 32 hours. Once its reason is mended, it tries at once when it is told to (docs/wildcard.md).",
  command: describeOrders,
};

const minute = 60 * 1_000;
/** How long cert-manager may take to say something of a Certificate: it is a matter of seconds. */
const attendedWithin = 5 * minute;
/** How long an order may take: a minute for cert-manager's own wait, and some for DNS. */
const orderedWithin = 10 * minute;

/** cert-manager's Certificate, and the order for it. */
export const wildcardOrder: Check = {
  id: "wildcard-order",
  group: "Wildcard certificate",
  title: "cert-manager has the wildcard certificate that the stack asks for",
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
        : found(typesMissing, expected, { expected: wanted, seen: "no types of cert-manager.io" });
      return { seen: finding.seen, found: [finding] };
    }
    const differences = differencesOf(certificate, expected);
    if (differences.length > 0) {
      return { seen: "another Certificate", found: differences };
    }
    return progress(context, certificate);
  },
};

function differencesOf({ spec }: WatchedCertificate, expected: Expectation): Finding[] {
  const { secretName, dnsNames, issuer } = wildcardOf(expected);
  const fields = (names: readonly string[], ofSecret?: string, ofIssuer?: string) => ({
    "spec.secretName": ofSecret ?? "",
    "spec.dnsNames": [...names].sort().join(", "),
    "spec.issuerRef.name": ofIssuer ?? "",
  });
  const wanted = Object.entries(fields(dnsNames, secretName, issuer));
  const live = fields(spec?.dnsNames ?? [], spec?.secretName, spec?.issuerRef?.name);
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

/** What has become of the order. */
async function progress(
  { expected, wildcard, now }: Context,
  certificate: WatchedCertificate,
): Promise<Outcome> {
  const { issuer } = wildcardOf(expected);
  const sight = (problem: Problem, seen: string): Outcome => ({
    seen,
    found: [found(problem, expected, { expected: `a certificate by ${issuer}`, seen })],
  });
  const since = (time: string | Date | undefined) =>
    time === undefined ? 0 : now.getTime() - new Date(time).getTime();
  if (!hasBeenLookedAt(certificate)) {
    const seen = "cert-manager says nothing of it yet";
    return since(changedAt(certificate)) < attendedWithin
      ? sight(ordering, seen)
      : sight(
          unattended,
          `${seen}, since ${changedAt(certificate)?.toISOString() ?? "it was made"}`,
        );
  }
  const ready = conditionOf(certificate, "Ready");
  const issuing = conditionOf(certificate, "Issuing");
  const failedAt = certificate.status?.lastFailureTime;
  if (failedAt === undefined && isReady(certificate)) {
    return { seen: `ready, by the Issuer ${issuer}`, found: [] };
  }
  const attempt = await ifSeen(wildcard.attempt());
  const isOver = issuing?.status !== "True" && failedAt !== undefined;
  const started = attempt?.request.createdAt ?? issuing?.lastTransitionTime;
  const isLate = since(started ?? ready?.lastTransitionTime) > orderedWithin;
  const explained = explainedIn(attempt).filter(({ error }) => !error.passes || isLate || isOver);
  if (explained.length > 0) {
    return {
      seen: "an order with an error",
      found: explained.map(({ error, step, words }) =>
        found(error, expected, {
          subject: step,
          expected: `a certificate by ${issuer}`,
          seen: words,
          ...(isOver &&
            error.mends === true && { command: thenOrder(expected, error.command(expected)) }),
        }),
      ),
    };
  }
  const words = [lastWords(attempt), issuing?.message, ready?.message].find(Boolean) ?? "no reason";
  if (isOver) {
    const next = `since ${failedAt}: ${words}`;
    return sight(failed, next);
  }
  return sight(isLate ? slow : ordering, words);
}

interface Explained {
  readonly error: OrderError;
  /** Which object says so. */
  readonly step: string;
  readonly words: string;
}

/** What the steps of an attempt say, from what the CA asks to the request, each thing once. */
function explainedIn(attempt: OrderAttempt | undefined): readonly Explained[] {
  const said = stepsOf(attempt).flatMap(([kind, { name, reason }]): Explained[] => {
    const error = explainOrder(reason);
    return error === undefined ? [] : [{ error, step: `${kind}/${name}`, words: reason }];
  });
  return said.filter(
    ({ error }, index) => said.findIndex((other) => other.error === error) === index,
  );
}

/** The words nearest to the cause. */
function lastWords(attempt: OrderAttempt | undefined): string | undefined {
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
