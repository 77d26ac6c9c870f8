import { shell } from "../../../lib/shell.ts";
import type { Problem } from "../../finding.ts";
import { refreshAndDeploy, renewCredential } from "../mend.ts";
import { askIngressCaa, askRecord, describeOrders } from "./commands.ts";

/** Words of cert-manager's on an order or a challenge, and what they mean. */
export interface OrderError extends Problem {
  readonly pattern: RegExp;
  /** Whether that is how it begins, and an error only after a while. Default: it is one. */
  readonly passes?: true;
  /** Whether the command mends it, so that another order may follow at once. Default: it only shows more. */
  readonly mends?: true;
}

const severity = "error";

/**
 * What goes wrong with an order, by cert-manager's words: v1.21, pkg/issuer/acme (dns/cloudflare, dns/clouddns, dns/util),
 * pkg/controller/acmechallenges and acmeorders. The types of ACME are RFC 8555's, section 6.7, in the form of
 * golang.org/x/crypto/acme. The first that fits counts.
 */
export const orderErrors: readonly OrderError[] = [
  {
    id: "wildcard-order-rate-limit",
    severity,
    pattern: /acme:error:rateLimited|too many (certificates|failed authorizations|new orders)/i,
    title: "The CA's rate limit is reached for the wildcard certificate",
    why: "Let's Encrypt gives 5 certificates a week for the same names, 50 for the registered domain, and allows 5 failed validations an hour. The words say which, and until when: nothing but waiting helps.",
    command: describeOrders,
  },
  {
    id: "wildcard-order-caa",
    severity,
    pattern: /acme:error:caa\b|CAA record/i,
    title: "CAA records forbid the CA to issue the wildcard certificate",
    why: "For wildcards a CA obeys `issuewild`, and `issue` where there is none, at the nearest name up the tree that has CAA records (RFC 8659). One that is bound to another account or to http-01 forbids it as well.",
    command: askIngressCaa,
  },
  {
    id: "wildcard-order-credential-missing",
    severity,
    pattern:
      /error getting (cloudflare secret|clouddns service account)|specified key "[^"]*" not found in secret|empty credentials|Service Account data missing|Unable to acquire config|API token is invalid \(does/i,
    title: "cert-manager finds no DNS credential, or none that it can use",
    why: "It reads the Secret in the Gateway's namespace at each challenge.",
    command: refreshAndDeploy,
    mends: true,
  },
  {
    id: "wildcard-order-refused",
    severity,
    pattern:
      /googleapi: Error 40[13]\b(?!.*(rateLimit|quota)Exceeded)|cannot fetch token: 40[013]|invalid_grant|Cloudflare API for [^]*Error: (9109|10000|6003|1000[01]?|9106|9103)\b|Invalid (access token|API token)|Authentication error/i,
    title: "The DNS provider refuses the credential of the wildcard certificate",
    why: "It is deleted or expired, or lacks a right on the zone. A rotation makes a new one and proves it before cert-manager gets it.",
    command: renewCredential,
    mends: true,
  },
  {
    id: "wildcard-order-zone",
    severity,
    pattern:
      /Found no Zones for domain|No matching GoogleCloud domain|googleapi: Error 404|Could not (find the SOA record|determine (the zone|authoritative nameservers))|SOA record for the domain/i,
    title: "cert-manager does not find the DNS zone of the wildcard certificate",
    why: "The zone is gone or another one of that name, the credential does not see it, or DNS does not lead there yet. A rotation looks the zone up anew, and makes and proves a credential for it.",
    command: renewCredential,
    mends: true,
  },
  {
    id: "wildcard-order-propagation",
    severity,
    pattern: /Waiting for DNS-01 challenge propagation|not yet propagated/i,
    passes: true,
    title: "The challenge's TXT record does not appear in DNS",
    why: "cert-manager has written it, and asks DNS for it until it is there; only then does it call the CA. The domain's name servers are others than the zone's, or cert-manager's own DNS server shows the domain otherwise than the internet (its option `--dns01-recursive-nameservers`).",
    command: askRecord,
  },
  {
    id: "wildcard-order-validation",
    severity,
    pattern: /acme:error:(dns|unauthorized|incorrectResponse|connection)\b|DNS problem: /i,
    title: "The CA does not find the challenge's TXT record",
    why: "cert-manager has seen it, and the CA asks from elsewhere: name servers of the domain that differ, a broken DNSSEC, or another record in its place.",
    command: askRecord,
  },
  {
    id: "wildcard-order-ca-unreachable",
    severity,
    pattern:
      /non-ACME API error|dial tcp|connection (refused|reset)|i\/o timeout|no such host|TLS handshake|x509: |context deadline exceeded|acme:error:serverInternal|\b50\d\b.*(acme|HTTP)/i,
    title: "cert-manager does not reach the CA, or a DNS provider's API",
    why: "It calls both on port 443 by itself; a firewall, a network policy or the cluster's DNS may keep it from that, or the other side has trouble of its own. The command asks the CA from here.",
    command: ({ directoryUrl }) => shell`curl -sS ${directoryUrl}`,
  },
];

/** What words of cert-manager's mean; undefined where they are none of these. */
export function explainOrder(text: string): OrderError | undefined {
  return orderErrors.find(({ pattern }) => pattern.test(text));
}
