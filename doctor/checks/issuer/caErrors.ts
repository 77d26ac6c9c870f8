import { kubectl } from "../../../lib/clusterCommand.ts";
import type { Expectation } from "../../expectation.ts";
import { askAddresses, askCaa, askChallenge, challengeName, inContainer } from "../lookUp.ts";
import { restart, restartWithoutStored, setAndDeploy } from "../remedies.ts";
import { placeholder, shell } from "../../../lib/shell.ts";
import type { IssuerError } from "./issuerError.ts";

const severity = "error";

/** An ACME error with the IPv6 address that Let's Encrypt puts in front of the details. */
const ofIpv6 = /acme:error:\w+ :: (During secondary validation: )?[\da-f]*:[\da-f:]*:[\da-f:.]*: /i;

const askDirectory = ({ directoryUrl }: Expectation) => shell`curl ${directoryUrl}`;

/** Without the account's folder the provider registers again at its start, and agrees to the current terms. */
const registerAgain = (expected: Expectation) => restartWithoutStored(expected, "/accounts");

/**
 * Errors of the CA and of connections to it. The types are ACME's (RFC 8555, section 6.7; RFC 9773, section 7.4; the
 * registry at https://www.iana.org/assignments/acme), the messages those of Let's Encrypt's CA (letsencrypt/boulder: wfe2,
 * ra, va, policy, ratelimits) and of go-acme/lego v4.26. The provider's HTTP client retries five times after 429 and 5xx,
 * and reports the last attempt without the CA's message (hashicorp/go-retryablehttp).
 */
export const caErrors: readonly IssuerError[] = [
  {
    id: "log-paused",
    severity,
    pattern: /temporarily prevented from requesting certificates/i,
    title: "Let's Encrypt has paused the host",
    why: "Validations of the host have failed for weeks or months. Fix the cause first; then end the pause on the page that the line links to.",
    command: (expected) =>
      kubectl(expected, shell`logs ${expected.names.pod} | grep -o 'https://[^ ]*unpause[^ "]*'`),
  },
  {
    id: "log-directory",
    severity,
    pattern: /get directory at '|directory missing new|HTTPS is required: /i,
    title: "The provider could not reach the CA at its start",
    why: "The provider requests the ACME directory first, and exits if the CA does not respond, or the response is not a directory.",
    command: askDirectory,
  },
  {
    id: "log-rate-limit",
    severity,
    pattern:
      /acme:error:rateLimited(?!.*Service busy)|too many (certificates|failed authorizations|new orders|(new )?registrations)|giving up after \d+ attempt\(s\)(?!:)/i,
    title: "Let's Encrypt's rate limit is reached",
    why: "The limits are 5 certificates a week for the same name, 50 a week for the registered domain, 5 failed validations an hour, and 300 orders in 3 hours. The line names the limit and its end, unless the provider has retried several times since. Wait until then; each restart is another attempt. The staging directory has other limits.",
    command: (expected) =>
      kubectl(expected, shell`logs ${expected.names.pod} | grep -i 'retry after'`),
  },
  {
    id: "log-ca-trouble",
    severity,
    pattern:
      /acme:error:serverInternal|unexpected HTTP status 5\d\d|\b5\d\d ::\s?(GET|HEAD|POST) :: |Service busy; retry later/i,
    title: "The CA has a server error",
    why: "The CA responded with an internal error, which is temporary; https://letsencrypt.status.io reports outages of Let's Encrypt. A restart retries.",
    command: restart,
  },
  {
    id: "log-ca-unreachable",
    severity,
    pattern:
      /giving up after \d+ attempt\(s\): |failed to get nonce|proper nonce header|(Get|Head|Post) \\?"https:/,
    title: "The pod cannot reach the CA",
    why: "The pod connects to the CA directly on port 443. A firewall, a network policy or the cluster's DNS may prevent the connection.",
    command: (expected) => inContainer(expected, shell`curl -sS ${expected.directoryUrl}`),
  },
  {
    id: "log-account-binding",
    severity,
    pattern:
      /externalAccountRequired|External Account Binding|signing eab content|decode hmac key|encoding eab jwk/i,
    title: "The CA requires an external account binding",
    why: "The CA accepts only accounts that it has issued, and the chart has no setting for their keys. Let's Encrypt requires none.",
    command: (expected) => setAndDeploy(expected, shell`acmeDirectory production`),
  },
  {
    id: "log-account",
    severity,
    pattern:
      /acme:error:(accountDoesNotExist|userActionRequired|badPublicKey)|account .*(deactivated|revoked|not valid)|account is not valid|signing key did not match account key|agree to terms of service/i,
    title: "The CA refuses the issuer's account",
    why: "The account in the home volume is unknown to this CA, was deactivated, or has not agreed to new terms. Without the account's folder the provider creates a new account at its start.",
    command: registerAgain,
  },
  {
    id: "log-identifier",
    severity,
    pattern:
      /acme:error:(rejectedIdentifier|unsupportedIdentifier)|Cannot issue for \\?"|Invalid identifiers requested|order identifiers have been/i,
    title: "The CA does not issue for the host's name",
    why: "The name is not a public DNS name, such as one that ends with `.local`, or the CA's policy excludes it. The line shows the reason.",
    command: (expected) => setAndDeploy(expected, shell`domain ${placeholder("domain")}`),
  },
  {
    id: "log-dnssec",
    severity,
    pattern: /acme:error:dnssec|DNSSEC/,
    title: "The CA refuses the zone's DNSSEC",
    why: "The DS record at the registry does not match the zone's keys, usually after a move to other name servers, or the zone's signatures have expired. Delete the DS record at the registrar, or sign the zone again.",
    command: ({ domain }) => shell`dig ${domain} DS ${domain} DNSKEY`,
  },
  {
    id: "log-caa-unanswered",
    severity,
    pattern: /looking up CAA/i,
    title: "The CA could not look up the CAA records",
    why: "The CA must query CAA records, even if none exist, and the zone's name servers respond with an error or not at all.",
    command: askCaa,
  },
  {
    id: "log-caa",
    severity,
    pattern: /acme:error:caa/i,
    title: "CAA records forbid the CA to issue",
    why: "The domain or a parent domain lists the CAs that may issue for it, and this CA is not in the list.",
    command: askCaa,
  },
  {
    id: "log-challenge-dns",
    severity,
    pattern:
      /acme:error:dns\b|DNS problem:|(NXDOMAIN|SERVFAIL) looking up|no valid A records found/i,
    title: "The CA could not resolve the host",
    why: "The host's record, or under DNS-01 the challenge's, is missing, or the zone's name servers do not work.",
    command: (expected) =>
      expected.challenge.type === "dns-01"
        ? shell`dig ${challengeName(expected)} TXT +trace`
        : askAddresses(expected),
  },
  {
    id: "log-challenge-ipv6",
    severity,
    pattern: ofIpv6,
    title: "The CA could not validate the host at its IPv6 address",
    why: "Let's Encrypt prefers IPv6 and falls back to IPv4 only when the connection times out (https://letsencrypt.org/docs/ipv6-support). Point the AAAA record to the cluster, or delete it.",
    command: ({ host }) => shell`dig ${host} AAAA`,
  },
  {
    id: "log-challenge-redirect",
    severity,
    pattern: /acme:error:\w+ :: .*redirect/i,
    title: "The CA could not follow a redirect of the challenge",
    why: "The CA follows up to ten redirects, to ports 80 and 443 only. Route the challenge's path on port 80 to the provider without a redirect.",
    command: (expected) => askChallenge(expected, shell`-vL`),
  },
  {
    id: "log-challenge-connection",
    severity,
    pattern: /acme:error:(connection|tls)/i,
    title: "The CA could not connect for the challenge",
    why: "Port 80 of the host must be open to all addresses: Let's Encrypt connects from several addresses that it does not publish.",
    command: askChallenge,
  },
  {
    id: "log-order",
    severity,
    pattern:
      /acme:error:(orderNotReady|badNonce|conflict|alreadyReplaced)|authorizations for these identifiers|the authorization state|authorization must be pending|expired authorization|server didn't respond to our request|certificate: time limit exceeded|No (such )?(order|challenge|authorization)|Order \d+ is expired|doesn't match (account )?ID|unexpected (challenge|authorization) status|invalid (authorization|challenge|order)(: %!w\(<nil>\))?(?=\\n|"|$)/i,
    title: "The CA did not complete the order",
    why: "The order is in a state that the issuer does not expect. The next attempt creates a new order; a restart retries immediately.",
    command: restart,
  },
  {
    id: "log-challenge-answer",
    severity,
    pattern: /acme:error:(unauthorized|incorrectResponse)/i,
    title: "The CA received a wrong response to the challenge",
    why: "Another server responds on port 80, or DNS still returns an older TXT record.",
    command: (expected) =>
      expected.challenge.type === "dns-01"
        ? shell`dig ${challengeName(expected)} TXT`
        : askChallenge(expected),
  },
  {
    id: "log-protocol",
    severity,
    pattern:
      /acme:error:(malformed|badCSR|badSignatureAlgorithm|badRevocationReason|alreadyRevoked|invalidProfile|compound)|failed to (post JWS message|sign content|create jose signer|unmarshal|marshal message)|\b4\d\d ::(GET|HEAD|POST) :: |\]: empty URL|bundle starts with a CA certificate/i,
    title: "The issuer and the CA do not agree on the protocol",
    why: "A proxy in front of the CA changes the messages, the directory URL is not the CA's own, or the CA's rules are newer than the provider.",
    command: askDirectory,
  },
];
