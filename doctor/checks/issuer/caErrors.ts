import { kubectl } from "../../../lib/clusterCommand.ts";
import type { Expectation } from "../../expectation.ts";
import { askAddresses, askCaa, askChallenge, challengeName, inContainer } from "../lookUp.ts";
import { restart, restartWithoutStored, setAndDeploy } from "../mend.ts";
import { placeholder, shell } from "../../../lib/shell.ts";
import type { IssuerError } from "./issuerError.ts";

const severity = "error";

/** Of an ACME error: the IPv6 address that Let's Encrypt puts in front of what it has seen there. */
const ofIpv6 = /acme:error:\w+ :: (During secondary validation: )?[\da-f]*:[\da-f:]*:[\da-f:.]*: /i;

const askDirectory = ({ directoryUrl }: Expectation) => shell`curl ${directoryUrl}`;

/** Without the account's folder the provider registers anew at its start, and agrees to the terms of that day. */
const registerAgain = (expected: Expectation) => restartWithoutStored(expected, "/accounts");

/**
 * What the CA answers, or that it does not: the types are ACME's (RFC 8555, section 6.7; RFC 9773, section 7.4; the
 * registry at https://www.iana.org/assignments/acme), the words those of Let's Encrypt's CA (letsencrypt/boulder: wfe2, ra,
 * va, policy, ratelimits) and of go-acme/lego v4.26. The provider's HTTP client tries five times more after 429 and 5xx,
 * and tells of the last attempt without what the CA said (hashicorp/go-retryablehttp).
 */
export const caErrors: readonly IssuerError[] = [
  {
    id: "log-paused",
    severity,
    pattern: /temporarily prevented from requesting certificates/i,
    title: "Let's Encrypt has paused the host",
    why: "It has failed for weeks or months. The line has the address of a page where one click ends the pause; mend first what has failed.",
    command: (expected) =>
      kubectl(expected, shell`logs ${expected.names.pod} | grep -o 'https://[^ ]*unpause[^ "]*'`),
  },
  {
    id: "log-directory",
    severity,
    pattern: /get directory at '|directory missing new|HTTPS is required: /i,
    title: "The provider could not reach the CA at its start",
    why: "It asks for the ACME directory before anything else, and exits without an answer, or with one that is no directory.",
    command: askDirectory,
  },
  {
    id: "log-rate-limit",
    severity,
    pattern:
      /acme:error:rateLimited(?!.*Service busy)|too many (certificates|failed authorizations|new orders|(new )?registrations)|giving up after \d+ attempt\(s\)(?!:)/i,
    title: "Let's Encrypt's rate limit is reached",
    why: "5 certificates a week for the same name, 50 a week for the registered domain, 5 failed validations an hour, 300 orders in 3 hours. The line says which, and until when, unless the provider has tried several times meanwhile: nothing but waiting helps, and each restart tries again. The staging directory has other limits.",
    command: (expected) =>
      kubectl(expected, shell`logs ${expected.names.pod} | grep -i 'retry after'`),
  },
  {
    id: "log-ca-trouble",
    severity,
    pattern:
      /acme:error:serverInternal|unexpected HTTP status 5\d\d|\b5\d\d ::\s?(GET|HEAD|POST) :: |Service busy; retry later/i,
    title: "The CA has trouble of its own",
    why: "It answered with an error of its server. That passes; https://letsencrypt.status.io says since when Let's Encrypt has it. A restart tries again.",
    command: restart,
  },
  {
    id: "log-ca-unreachable",
    severity,
    pattern:
      /giving up after \d+ attempt\(s\): |failed to get nonce|proper nonce header|(Get|Head|Post) \\?"https:/,
    title: "The pod does not reach the CA",
    why: "It calls the CA on port 443 by itself; a firewall, a network policy or the cluster's DNS may keep it from that.",
    command: (expected) => inContainer(expected, shell`curl -sS ${expected.directoryUrl}`),
  },
  {
    id: "log-account-binding",
    severity,
    pattern:
      /externalAccountRequired|External Account Binding|signing eab content|decode hmac key|encoding eab jwk/i,
    title: "The CA takes only accounts that it has given out",
    why: "It wants the keys of such an account (external account binding), for which the chart has no setting. Let's Encrypt wants none.",
    command: (expected) => setAndDeploy(expected, shell`acmeDirectory production`),
  },
  {
    id: "log-account",
    severity,
    pattern:
      /acme:error:(accountDoesNotExist|userActionRequired|badPublicKey)|account .*(deactivated|revoked|not valid)|account is not valid|signing key did not match account key|agree to terms of service/i,
    title: "The CA refuses the issuer's account",
    why: "The account in the home volume is not known to this CA, or was ended, or has not agreed to new terms. Without the account's folder the provider makes a new one at its start.",
    command: registerAgain,
  },
  {
    id: "log-identifier",
    severity,
    pattern:
      /acme:error:(rejectedIdentifier|unsupportedIdentifier)|Cannot issue for \\?"|Invalid identifiers requested|order identifiers have been/i,
    title: "The CA does not issue for the host's name",
    why: "The name is none that the internet can have, such as one that ends with `.local`, or the CA's policy excludes it. The line says which.",
    command: (expected) => setAndDeploy(expected, shell`domain ${placeholder("domain")}`),
  },
  {
    id: "log-dnssec",
    severity,
    pattern: /acme:error:dnssec|DNSSEC/,
    title: "The CA refuses the zone's DNSSEC",
    why: "The DS record at the registry does not fit the zone's keys, mostly since the zone has moved to other name servers, or its signatures have ended. Take the DS record away at the registrar, or have the zone signed again.",
    command: ({ domain }) => shell`dig ${domain} DS ${domain} DNSKEY`,
  },
  {
    id: "log-caa-unanswered",
    severity,
    pattern: /looking up CAA/i,
    title: "The CA could not look up the CAA records",
    why: "It has to, be there any or none, and the zone's name servers answer with an error, or not at all.",
    command: askCaa,
  },
  {
    id: "log-caa",
    severity,
    pattern: /acme:error:caa/i,
    title: "CAA records forbid the CA",
    why: "The domain, or one above it, names the CAs that may issue for it, and this one is not among them.",
    command: askCaa,
  },
  {
    id: "log-challenge-dns",
    severity,
    pattern:
      /acme:error:dns\b|DNS problem:|(NXDOMAIN|SERVFAIL) looking up|no valid A records found/i,
    title: "The CA could not look the host up",
    why: "The record of the host, or under DNS-01 the challenge's, is missing, or the zone's name servers are broken.",
    command: (expected) =>
      expected.challenge.type === "dns-01"
        ? shell`dig ${challengeName(expected)} TXT +trace`
        : askAddresses(expected),
  },
  {
    id: "log-challenge-ipv6",
    severity,
    pattern: ofIpv6,
    title: "The CA has asked at the host's IPv6 address, in vain",
    why: "Let's Encrypt prefers IPv6, and turns to IPv4 only where the connection times out (https://letsencrypt.org/docs/ipv6-support). Have the AAAA record lead to the cluster, or take it away.",
    command: ({ host }) => shell`dig ${host} AAAA`,
  },
  {
    id: "log-challenge-redirect",
    severity,
    pattern: /acme:error:\w+ :: .*redirect/i,
    title: "A redirect has led the CA astray",
    why: "It follows ten of them, to ports 80 and 443 only. What answers port 80 must hand the challenge's path to the provider without one.",
    command: (expected) => askChallenge(expected, shell`-vL`),
  },
  {
    id: "log-challenge-connection",
    severity,
    pattern: /acme:error:(connection|tls)/i,
    title: "The CA could not connect for the challenge",
    why: "Port 80 of the host must be open to everybody: Let's Encrypt asks from several places that it does not tell.",
    command: askChallenge,
  },
  {
    id: "log-order",
    severity,
    pattern:
      /acme:error:(orderNotReady|badNonce|conflict|alreadyReplaced)|authorizations for these identifiers|the authorization state|authorization must be pending|expired authorization|server didn't respond to our request|certificate: time limit exceeded|No (such )?(order|challenge|authorization)|Order \d+ is expired|doesn't match (account )?ID|unexpected (challenge|authorization) status|invalid (authorization|challenge|order)(: %!w\(<nil>\))?(?=\\n|"|$)/i,
    title: "The CA did not bring the order to its end",
    why: "An order that was begun has ended in another state than the issuer waits for. The next attempt begins another; a restart tries at once.",
    command: restart,
  },
  {
    id: "log-challenge-answer",
    severity,
    pattern: /acme:error:(unauthorized|incorrectResponse)/i,
    title: "The CA got a wrong answer to the challenge",
    why: "Something else answers on port 80, or an older TXT record is still seen.",
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
    title: "The issuer and the CA do not understand each other",
    why: "Something on the way changes what they say, such as a proxy in front of the CA, or the directory URL is not that of the CA itself, or its rules are newer than the provider.",
    command: askDirectory,
  },
];
