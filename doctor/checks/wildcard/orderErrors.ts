import { placeholder, shell } from "../../../lib/shell.ts";
import type { Problem } from "../../finding.ts";
import type { Expectation } from "../../expectation.ts";
import { wildcardOf } from "../../facts/wildcard.ts";
import { refreshAndDeploy, renewCredential } from "../mend.ts";
import {
  askIngressCaa,
  askRecord,
  describeIssuer,
  describeOrders,
  orderAgain,
} from "./commands.ts";

/** Words of cert-manager's on an order or a challenge, and what they mean. */
export interface OrderError extends Problem {
  readonly pattern: RegExp;
  /** Whether that is how it begins, and an error only after a while. Default: it is one. */
  readonly passes?: true;
  /** Whether the command mends it, so that another order may follow at once. Default: it only shows more. */
  readonly mends?: true;
}

const severity = "error";

const wildcardProject = (expected: Expectation) =>
  wildcardOf(expected).credential.managedZone?.project ?? placeholder("project");

/**
 * What goes wrong with an order, by cert-manager's words: v1.21, pkg/issuer/acme (dns/cloudflare, dns/clouddns, dns/util),
 * pkg/controller/acmechallenges and acmeorders. The types of ACME are RFC 8555's, section 6.7, in the form of
 * golang.org/x/crypto/acme. The first that fits counts.
 */
export const orderErrors: readonly OrderError[] = [
  {
    id: "wildcard-order-busy",
    severity,
    pattern:
      /acme:error:serverInternal|Service busy; retry later|: 5\d\d (urn)?:|googleapi: (Error|got HTTP response code) (429|5\d\d)|googleapi: Error 403: .*(rate|quota|Limit)Exceeded|cannot fetch token: (429|5\d\d)|Cloudflare API for [^]*Error: (971|10429): /i,
    passes: true,
    title: "The CA, or the DNS provider's API, is busy, or has trouble of its own",
    why: "That passes: cert-manager tries a challenge again within minutes, and an order that has failed an hour later, or more. The command has it try at once.",
    command: orderAgain,
  },
  {
    id: "wildcard-order-api-disabled",
    severity,
    pattern: /accessNotConfigured|SERVICE_DISABLED|has not been used in project/,
    title: "The Cloud DNS API is off in the project of the wildcard certificate's zone",
    why: "Google refuses every call until somebody has it turned on.",
    command: (expected) =>
      shell`gcloud services enable dns.googleapis.com --project ${wildcardProject(expected)}`,
    mends: true,
  },
  {
    id: "wildcard-order-billing",
    severity,
    pattern: /billing account .*(disabled|closed)|BILLING_DISABLED|accountDisabled/i,
    title: "The billing account of the project of the wildcard certificate's zone is closed",
    why: "Cloud DNS neither answers nor takes a record without one.",
    command: (expected) => shell`gcloud billing projects describe ${wildcardProject(expected)}`,
  },
  {
    id: "wildcard-order-rate-limit",
    severity,
    pattern: /acme:error:rateLimited|too many (certificates|failed authorizations|new orders)/i,
    title: "The CA's rate limit is reached for the wildcard certificate",
    why: "Let's Encrypt gives 5 certificates a week for the same names, 50 for the registered domain, and allows 5 failed validations an hour. The words say which, and until when: nothing but waiting helps.",
    command: describeOrders,
  },
  {
    id: "wildcard-order-identifier",
    severity,
    pattern:
      /acme:error:(rejectedIdentifier|unsupportedIdentifier)|Cannot issue for "|redundant with a wildcard/i,
    title: "The CA does not issue for a name of the wildcard certificate",
    why: "The name is none that the internet can have, the CA's policy excludes it, or `*.ingress.<domain>` covers it already, so that it has to leave the setting `wildcard.names`. The words say which.",
    command: describeOrders,
  },
  {
    id: "wildcard-order-account",
    severity,
    pattern:
      /acme:error:(accountDoesNotExist|userActionRequired|externalAccountRequired)|acme account is not valid|has status "(deactivated|revoked)"/i,
    title: "The CA refuses cert-manager's account",
    why: "The account in the Issuer's Secret is not known to this CA, or was ended, or has not agreed to new terms; or the CA takes only accounts that it has given out.",
    command: describeIssuer,
  },
  {
    id: "wildcard-order-caa-unanswered",
    severity,
    pattern: /looking up CAA/i,
    title: "The CA could not look up the CAA records for the wildcard certificate",
    why: "It has to, be there any or none, and the zone's name servers answer with an error, or not at all.",
    command: askIngressCaa,
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
    pattern: /acme:error:(dns|dnssec|unauthorized|incorrectResponse|connection)\b|DNS problem: /i,
    title: "The CA does not find the challenge's TXT record",
    why: "cert-manager has seen it, and the CA asks from elsewhere: name servers of the domain that differ, a broken DNSSEC, or another record in its place.",
    command: askRecord,
  },
  {
    id: "wildcard-order-ca-unreachable",
    severity,
    pattern:
      /non-ACME API error|dial tcp|connection (refused|reset)|i\/o timeout|no such host|TLS handshake|x509: |context deadline exceeded|\b50\d\b.*(acme|HTTP)/i,
    title: "cert-manager does not reach the CA, or a DNS provider's API",
    why: "It calls both on port 443 by itself; a firewall, a network policy or the cluster's DNS may keep it from that, or the other side has trouble of its own. The command asks the CA from here.",
    command: ({ directoryUrl }) => shell`curl -sS ${directoryUrl}`,
  },
];

/** What words of cert-manager's mean; undefined where they are none of these. */
export function explainOrder(text: string): OrderError | undefined {
  return orderErrors.find(({ pattern }) => pattern.test(text));
}
