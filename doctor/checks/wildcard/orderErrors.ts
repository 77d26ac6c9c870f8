import { webhookFailure, webhookState } from "../../../components/ingressCertificate/webhook.ts";
import { ingressDomain } from "../../../chart/gateway.ts";
import { challengeRecord } from "../../../dns/delegation.ts";
import { setClock } from "../../../lib/clock.ts";
import { kubectl } from "../../../lib/clusterCommand.ts";
import { placeholder, shell } from "../../../lib/shell.ts";
import type { Problem } from "../../finding.ts";
import type { Expectation } from "../../expectation.ts";
import { wildcardOf } from "../../facts/wildcard.ts";
import { refreshAndDeploy, renewCredential } from "../remedies.ts";
import {
  askIngressCaa,
  askRecord,
  describeIssuer,
  describeOrders,
  describeRequests,
  orderAgain,
} from "./commands.ts";

/** A message of cert-manager on an order or a challenge, and its meaning. */
export interface OrderError extends Problem {
  readonly pattern: RegExp;
  /** Whether the message is normal at first, and an error only after a while. Default: it is an error at once. */
  readonly passes?: true;
  /** Whether the command fixes the cause, so that another order may follow at once. Default: it only shows details. */
  readonly fixes?: true;
}

const severity = "error";

const wildcardProject = (expected: Expectation) =>
  wildcardOf(expected).credential.managedZone?.project ?? placeholder("project");

/**
 * Errors of an order, by cert-manager's messages: v1.21, pkg/issuer/acme (dns/cloudflare, dns/clouddns, dns/util),
 * pkg/controller/acmechallenges, acmeorders and certificaterequests. The types of ACME are those of RFC 8555, section 6.7, in the form of
 * golang.org/x/crypto/acme. The first match applies.
 */
export const orderErrors: readonly OrderError[] = [
  {
    id: "wildcard-order-denied",
    severity,
    pattern: /^The CertificateRequest was denied by an approval controller/,
    title: "A policy in the cluster denies the request for the wildcard certificate",
    why: "cert-manager's own approver approves every request, so the cluster has another one, such as approver-policy. One of its policies must allow the Issuer and the certificate's names, and cert-manager's service account must have the permission to use that policy. The message shows the approver's reason.",
    command: describeRequests,
  },
  {
    id: "wildcard-order-webhook",
    severity,
    pattern: webhookFailure,
    passes: true,
    title: "cert-manager's webhook does not respond",
    why: "The API server calls the webhook for each change of cert-manager's objects, and refuses the change without it. Its Deployment has no ready pod, the control plane cannot reach the pod, or the API server does not trust the webhook's certificate, whose CA the cainjector sets.",
    command: webhookState,
  },
  {
    id: "wildcard-order-busy",
    severity,
    pattern:
      /acme:error:serverInternal|Service busy; retry later|: 5\d\d (urn)?:|googleapi: (Error|got HTTP response code) (429|5\d\d)|googleapi: Error 403: .*(rate|quota|Limit)Exceeded|cannot fetch token: (429|5\d\d)|Cloudflare API for [^]*Error: (971|10429): /i,
    passes: true,
    title: "The CA or the DNS provider's API is busy or has a server error",
    why: "The error is temporary: cert-manager retries a challenge within minutes, and a failed order after an hour or more. The command makes cert-manager retry immediately.",
    command: orderAgain,
  },
  {
    id: "wildcard-order-api-disabled",
    severity,
    pattern: /accessNotConfigured|SERVICE_DISABLED|has not been used in project/,
    title: "The Cloud DNS API is disabled in the project of the wildcard certificate's zone",
    why: "Google refuses every call until the API is enabled.",
    command: (expected) =>
      shell`gcloud services enable dns.googleapis.com --project ${wildcardProject(expected)}`,
    fixes: true,
  },
  {
    id: "wildcard-order-billing",
    severity,
    pattern: /billing account .*(disabled|closed)|BILLING_DISABLED|accountDisabled/i,
    title: "The billing account of the project of the wildcard certificate's zone is closed",
    why: "Without billing, Cloud DNS neither serves nor accepts records.",
    command: (expected) => shell`gcloud billing projects describe ${wildcardProject(expected)}`,
  },
  {
    id: "wildcard-order-rate-limit",
    severity,
    pattern: /acme:error:rateLimited|too many (certificates|failed authorizations|new orders)/i,
    title: "The CA's rate limit is reached for the wildcard certificate",
    why: "Let's Encrypt issues 5 certificates a week for the same names and 50 for the registered domain, and allows 5 failed validations an hour. The message names the limit and its end. Wait until then.",
    command: describeOrders,
  },
  {
    id: "wildcard-order-identifier",
    severity,
    pattern:
      /acme:error:(rejectedIdentifier|unsupportedIdentifier)|Cannot issue for "|redundant with a wildcard/i,
    title: "The CA does not issue for a name of the wildcard certificate",
    why: "The name is not a public DNS name, the CA's policy excludes it, or `*.ingress.<domain>` already covers it; in the last case remove it from the setting `wildcard.names`. The message shows the reason.",
    command: describeOrders,
  },
  {
    id: "wildcard-order-account",
    severity,
    pattern:
      /acme:error:(accountDoesNotExist|userActionRequired|externalAccountRequired)|acme account is not valid|has status "(deactivated|revoked)"/i,
    title: "The CA refuses cert-manager's account",
    why: "The account in the Issuer's Secret is unknown to this CA, was deactivated, or has not agreed to new terms; or the CA accepts only accounts that it has issued.",
    command: describeIssuer,
  },
  {
    id: "wildcard-order-caa-unanswered",
    severity,
    pattern: /looking up CAA/i,
    title: "The CA could not look up the CAA records for the wildcard certificate",
    why: "The CA must query CAA records, even if none exist, and the zone's name servers respond with an error or not at all.",
    command: askIngressCaa,
  },
  {
    id: "wildcard-order-caa",
    severity,
    pattern: /acme:error:caa\b|CAA record/i,
    title: "CAA records forbid the CA to issue the wildcard certificate",
    why: "For wildcards a CA obeys `issuewild`, or `issue` if there is none, at the nearest name up the tree that has CAA records (RFC 8659). A record that is restricted to another account or to http-01 also forbids the CA to issue.",
    command: askIngressCaa,
  },
  {
    id: "wildcard-order-credential-missing",
    severity,
    pattern:
      /error getting (cloudflare secret|clouddns service account)|specified key "[^"]*" not found in secret|empty credentials|Service Account data missing|Unable to acquire config|API token is invalid \(does/i,
    title: "cert-manager finds no usable DNS credential",
    why: "cert-manager reads the Secret in the Gateway's namespace at each challenge.",
    command: refreshAndDeploy,
    fixes: true,
  },
  {
    id: "wildcard-order-clock",
    severity,
    // Google's message for a token from another time, and Go's for the server's certificate.
    pattern: /in a reasonable timeframe|certificate has expired or is not yet valid/i,
    title: "The clock of cert-manager's node is wrong",
    why: `Google refuses a token, and TLS a certificate, that is not valid at the present time. The pod uses its node's clock; the command shows the node. Synchronize the clock there with NTP: \`${setClock}\`.`,
    command: ({ kubeContext, kubeconfig }) =>
      kubectl(
        { kubeContext, kubeconfig },
        shell`get pods -A -l app.kubernetes.io/instance=cert-manager -o wide`,
      ),
  },
  {
    id: "wildcard-order-refused",
    severity,
    pattern:
      /googleapi: Error 40[13]\b(?!.*(rateLimit|quota)Exceeded)|cannot fetch token: 40[013]|invalid_grant|Cloudflare API for [^]*Error: (9109|10000|6003|1000[01]?|9106|9103)\b|Invalid (access token|API token)|Authentication error/i,
    title: "The DNS provider refuses the credential of the wildcard certificate",
    why: "The credential is deleted or expired, or lacks a permission on the zone. A rotation creates a new credential and proves it before cert-manager gets it.",
    command: renewCredential,
    fixes: true,
  },
  {
    id: "wildcard-order-cname-loop",
    severity,
    pattern: /Found recursive CNAME record/,
    title: "The name of the wildcard certificate's challenge is an alias (CNAME) of itself",
    why: "cert-manager and the CA follow the alias to find the TXT record, and return to a name from which they started. Delete one of the CNAME records.",
    command: ({ domain }) => shell`dig ${challengeRecord(ingressDomain(domain))} CNAME`,
  },
  {
    id: "wildcard-order-dns",
    severity,
    pattern:
      /Could not (find the SOA record|determine (the zone|authoritative nameservers))|SOA record for the domain/i,
    title: "cert-manager's DNS queries find no name servers of the wildcard certificate's zone",
    why: "cert-manager queries its own DNS server, usually the cluster's, for the zone's SOA and NS records (its option `--dns01-recursive-nameservers`). If the trace of the command ends at the zone's name servers, cert-manager's DNS server does not know the zone or does not respond; otherwise the delegation at the registrar or the zone's name servers are broken.",
    command: ({ domain }) => shell`dig ${domain} NS +trace`,
  },
  {
    id: "wildcard-order-zone",
    severity,
    pattern: /Found no Zones for domain|No matching GoogleCloud domain|googleapi: Error 404/i,
    title: "cert-manager cannot find the DNS zone of the wildcard certificate",
    why: "The zone was deleted or replaced by another zone of that name, the credential cannot read it, or DNS does not delegate to it yet. A rotation looks up the zone again, and creates and proves a credential for it.",
    command: renewCredential,
    fixes: true,
  },
  {
    id: "wildcard-order-propagation",
    severity,
    pattern: /Waiting for DNS-01 challenge propagation|not yet propagated/i,
    passes: true,
    title: "The challenge's TXT record does not appear in DNS",
    why: "cert-manager has written the record and queries DNS until the record appears; only then does it call the CA. The domain's name servers are not the zone's, or cert-manager's own DNS server resolves the domain differently from the internet (its option `--dns01-recursive-nameservers`).",
    command: askRecord,
  },
  {
    id: "wildcard-order-validation",
    severity,
    pattern: /acme:error:(dns|dnssec|unauthorized|incorrectResponse|connection)\b|DNS problem: /i,
    title: "The CA cannot find the challenge's TXT record",
    why: "cert-manager has found the record, but the CA queries from another network: the domain's name servers differ, DNSSEC is broken, or another record is in its place.",
    command: askRecord,
  },
  {
    id: "wildcard-order-ca-unreachable",
    severity,
    pattern:
      /non-ACME API error|dial tcp|connection (refused|reset)|i\/o timeout|no such host|TLS handshake|x509: |context deadline exceeded|\b50\d\b.*(acme|HTTP)/i,
    title: "cert-manager cannot reach the CA or a DNS provider's API",
    why: "cert-manager connects to both directly on port 443. A firewall, a network policy or the cluster's DNS may prevent the connection, or the other side has a server error. The command sends a request to the CA from here.",
    command: ({ directoryUrl }) => shell`curl -sS ${directoryUrl}`,
  },
];

/** The meaning of a message of cert-manager; undefined if it is unknown. */
export function explainOrder(text: string): OrderError | undefined {
  return orderErrors.find(({ pattern }) => pattern.test(text));
}
