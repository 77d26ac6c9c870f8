import { kubectl } from "../../lib/clusterCommand.ts";
import { letsEncryptDirectory } from "../../config/settings.ts";
import type { Expectation } from "../expectation.ts";
import type { Problem } from "../finding.ts";
import { askAddresses, askCaa, askChallenge, challengeName } from "./lookUp.ts";
import { deployAgain, restart, setAndDeploy } from "./mend.ts";
import { shell, verbatim } from "../../lib/shell.ts";

/** Words of the issuer in the log, and what they mean. */
export interface IssuerError extends Problem {
  readonly pattern: RegExp;
  /** Whether they mean something else here. Default: they never do. */
  readonly applies?: (expected: Expectation) => boolean;
}

const prove = ({ stack }: Expectation) => shell`npm run doctor -- -s ${stack} --prove`;
const error = "error";

/**
 * What the issuer writes when it fails. The words are those of akash-network/provider (tools/certissuer/config.go and
 * lego.go, cmd/provider-services/cmd/run.go), of go-acme/lego v4.26, and of ACME's error types (RFC 8555, section 6.7).
 */
export const issuerErrors: readonly IssuerError[] = [
  {
    id: "log-dns-provider",
    severity: error,
    pattern: /invalid dns provider|unsupported DNS provider/i,
    title: "The provider does not know its DNS provider",
    why: "It knows `gcloud` and `cf` only, and exits. The published chart writes other names; the repair of this program was not applied.",
    command: deployAgain,
  },
  {
    id: "log-email",
    severity: error,
    pattern: /cert issuer: .*invalid email|acme:error:invalid(Contact|Email)|unsupportedContact/i,
    title: "The CA account's e-mail address is refused",
    why: "Without a valid address the provider exits, or the CA makes no account.",
    command: (expected) => setAndDeploy(expected, shell`email you@example.com`),
  },
  {
    id: "log-credential-missing",
    severity: error,
    pattern:
      /googlecloud: (project name missing|unable to (create|get) Google Cloud client)|some credentials information are missing/i,
    title: "The provider finds no DNS credential at its start",
    why: "The Secret is empty, or is not what the pod reads. The issuer opens the credential at its start, and the provider exits without.",
    command: deployAgain,
  },
  {
    id: "log-credential-refused",
    severity: error,
    pattern:
      /googleapi: Error 40[13]|invalid_grant|cloudflare: .*(authentication error|invalid access token|\b(9109|10000)\b)/i,
    title: "The DNS provider refuses the credential",
    why: "It is deleted or expired, or lacks a right. The provider keeps what it read at its start until a restart.",
    command: prove,
  },
  {
    id: "log-zone",
    severity: error,
    pattern:
      /could not find (the )?(start of authority|zone)|no matching managed domain|zone .*not found|ambiguous zone name/i,
    title: "The issuer does not find the DNS zone of the host",
    why: "The zone is not delegated yet, or the credential does not see it.",
    command: prove,
  },
  {
    id: "log-rate-limit",
    severity: error,
    pattern:
      /acme:error:rateLimited|too many (certificates|failed authorizations|new orders|registrations)/i,
    title: "Let's Encrypt's rate limit is reached",
    why: "5 certificates a week for the same name, 50 a week for the registered domain, 5 failed validations an hour, 300 orders in 3 hours. The line says which, and until when: nothing but waiting helps, and each restart tries again. The staging directory has other limits.",
    command: (expected) =>
      kubectl(expected, shell`logs ${expected.names.pod} | grep -i 'retry after'`),
  },
  {
    id: "log-account",
    severity: error,
    pattern:
      /acme:error:(accountDoesNotExist|externalAccountRequired)|account .*(deactivated|not valid)|requires External Account Binding/i,
    title: "The CA refuses the issuer's account",
    why: "The account in the home volume is not known to this CA, or the CA takes only accounts that it has given out. Without the account's folder the provider makes a new one at its start.",
    command: (expected) =>
      kubectl(
        expected,
        shell`exec ${expected.names.pod} -- sh -c 'rm -r "$AP_CERT_ISSUER_STORAGE_DIR/accounts"' && ${verbatim(restart(expected))}`,
      ),
  },
  {
    id: "log-caa",
    severity: error,
    pattern: /acme:error:caa/i,
    title: "CAA records forbid the CA",
    why: "The domain, or one above it, names the CAs that may issue for it, and this one is not among them.",
    command: askCaa,
  },
  {
    id: "log-challenge-connection",
    severity: error,
    pattern: /acme:error:(connection|tls)/i,
    title: "The CA could not connect for the challenge",
    why: "Port 80 of the host must be open to everybody: Let's Encrypt asks from several places that it does not tell.",
    command: askChallenge,
  },
  {
    id: "log-challenge-answer",
    severity: error,
    pattern: /acme:error:(unauthorized|incorrectResponse)/i,
    title: "The CA got a wrong answer to the challenge",
    why: "Something else answers on port 80, or an older TXT record is still seen.",
    command: (expected) =>
      expected.challenge.type === "dns-01"
        ? shell`dig ${challengeName(expected)} TXT`
        : askChallenge(expected),
  },
  {
    id: "log-challenge-dns",
    severity: error,
    pattern: /acme:error:dns\b|DNS problem:|(NXDOMAIN|SERVFAIL) looking up/i,
    title: "The CA could not look the host up",
    why: "The record of the host is missing, or the zone's name servers or DNSSEC are broken.",
    command: askAddresses,
  },
  {
    id: "log-propagation",
    severity: error,
    pattern: /propagation: time limit exceeded|time limit exceeded: last error/i,
    title: "The challenge's TXT record was not seen in time",
    why: "The pod asks 1.1.1.1, 8.8.8.8 and the zone's own name servers, on port 53 of UDP and TCP; a network policy or firewall may keep it from them.",
    command: (expected) =>
      kubectl(
        expected,
        shell`exec ${expected.names.pod} -- sh -c 'nslookup ${expected.domain} 1.1.1.1'`,
      ),
  },
  {
    id: "log-directory",
    severity: error,
    pattern: /get directory at '/i,
    title: "The provider could not reach the CA at its start",
    why: "It asks for the ACME directory before anything else, and exits without an answer.",
    command: ({ directoryUrl }) => shell`curl ${directoryUrl}`,
  },
  {
    id: "log-http-solver",
    severity: error,
    pattern: /use http-01 solver/i,
    applies: ({ challenge }) => challenge.type === "dns-01",
    title: "The issuer uses HTTP-01 on a stack with DNS-01",
    why: "It prefers HTTP-01 wherever that is on, and does not fall back.",
    command: deployAgain,
  },
  {
    id: "log-given-up",
    severity: error,
    pattern: /unable to obtain certificate for .* after \d+ retries/i,
    title: "The issuer has given up until the next restart",
    why: "It tries a first certificate five times; the liveness check has it started again three hours after its start. Mend the cause first: five failed validations an hour are Let's Encrypt's limit.",
    command: restart,
  },
  {
    id: "log-renewal-failed",
    severity: error,
    pattern: /failed to renew certificate for/i,
    title: "The renewal has failed",
    why: "After one failure the issuer looks again only a year later, or when it starts. The liveness check has it started again from 22 hours before the certificate's end on, at most every three hours; a restart within the last 24 hours tries at once.",
    command: restart,
  },
];

/** lego's words for a certificate that has come: what failed before is mended. */
export const issued = /Server responded with a certificate/i;

/** Whether a stack's directory is one of Let's Encrypt's. */
export function usesLetsEncrypt({ directoryUrl }: Expectation): boolean {
  return Object.values<string>(letsEncryptDirectory).includes(directoryUrl);
}
