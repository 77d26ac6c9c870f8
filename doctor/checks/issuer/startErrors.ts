import { kubectl } from "../../../lib/clusterCommand.ts";
import { deployAgain, restart, restartWithoutStored, setAndDeploy } from "../mend.ts";
import { inContainer } from "../lookUp.ts";
import { shell } from "../../../lib/shell.ts";
import type { IssuerError } from "./issuerError.ts";

const severity = "error";

/**
 * Why the provider ends at its start: akash-network/provider, tools/certissuer/config.go and lego.go, and go-acme/lego
 * v4.26, providers/dns/cloudflare/cloudflare.go, providers/dns/gcloud/googlecloud.go and platform/config/env/env.go.
 */
export const settingErrors: readonly IssuerError[] = [
  {
    id: "log-dns-provider",
    severity,
    pattern: /invalid dns provider|unsupported DNS provider/i,
    title: "The provider does not know its DNS provider",
    why: "It knows `gcloud` and `cf` only, and exits. The published chart writes other names; the repair of this program was not applied.",
    command: deployAgain,
  },
  {
    id: "log-email",
    severity,
    pattern: /cert issuer: .*invalid email|acme:error:invalid(Contact|Email)|unsupportedContact/i,
    title: "The CA account's e-mail address is refused",
    why: "Without a valid address the provider exits, or the CA makes no account.",
    command: (expected) => setAndDeploy(expected, shell`email you@example.com`),
  },
  {
    id: "log-settings",
    severity,
    pattern: /cert issuer: invalid (config|args)/i,
    title: "The provider refuses the issuer's settings",
    why: "It checks them at its start, and exits. The chart renders them from the stack's, so that somebody has changed them since, or the chart's version does not fit.",
    command: deployAgain,
  },
  {
    id: "log-clock",
    severity,
    // Google's words for a token from another time, and Go's for a certificate of the other side.
    pattern: /in a reasonable timeframe|certificate has expired or is not yet valid/i,
    title: "The clock of the pod's node is wrong",
    why: "Google takes no token, and TLS no certificate, whose time is not now. The pod has its node's clock; set that by NTP.",
    command: (expected) => inContainer(expected, shell`date -u`),
  },
  {
    id: "log-credential-missing",
    severity,
    pattern:
      /googlecloud: (project (name missing|ID not found)|Service Account|unable to (acquire|create|get|read)|the configuration)|some credentials information are missing|cloudflare: (invalid (credentials|TTL)|the configuration)|invalid header field value for \\?"Authorization|Failed to read the file .*(GCE|CF|CLOUDFLARE)_/i,
    title: "The provider finds no DNS credential, or none that it can use",
    why: "The Secret is empty, or is not what the pod reads, or not of its form. The issuer opens the credential at its start, and the provider exits without.",
    command: deployAgain,
  },
];

/** What lies in the home volume, or does not (tools/certissuer/storage.go), and the port of HTTP-01. */
export const containerErrors: readonly IssuerError[] = [
  {
    id: "log-listener",
    severity,
    pattern: /could not start HTTPS? server for challenge/i,
    title: "The issuer cannot listen for the CA's request",
    why: "Another process of the pod has the port, mostly one that was left from an earlier attempt.",
    command: restart,
  },
  {
    id: "log-no-solver",
    severity,
    pattern: /could not determine solvers|unable to find challenge|no DNS Provider configured/i,
    title: "The CA offers no challenge that the issuer can answer",
    why: "The pod has neither HTTP-01 nor DNS-01 on, or the CA takes another challenge only.",
    command: deployAgain,
  },
  {
    id: "log-volume",
    severity,
    pattern:
      /failed to save resource for|\.certissuer.*(no space left|read-only file system|permission denied|input\/output error|disk quota exceeded)/i,
    title: "The issuer cannot write to the home volume",
    why: "It is full, or not writable. A certificate that cannot be kept is lost with the next restart, and counts for the CA's limits nevertheless.",
    command: (expected) => inContainer(expected, shell`df -h`),
  },
  {
    id: "log-storage-damaged",
    severity,
    pattern:
      /cert storage: |failed to read resource for|invalid PEM certificate data for|failed to parse (certificate|private key)\b|no certificates were found while parsing|PEM decode did not yield|(unknown|invalid) PEM (header|block)|unknown private key type|^Error: (unexpected end of JSON input|invalid character .* (looking for|in (literal|string)))/i,
    title: "What the issuer has stored is damaged",
    why: "A write that was cut short leaves half a file, and the issuer neither reads nor replaces it. Without its folder the provider makes an account and gets a certificate anew.",
    command: (expected) => restartWithoutStored(expected),
  },
];

/** What an attempt has come to, whatever the cause. */
export const outcomes: readonly IssuerError[] = [
  {
    id: "log-http-solver",
    severity,
    pattern: /use http-01 solver/i,
    applies: ({ challenge }) => challenge.type === "dns-01",
    title: "The issuer uses HTTP-01 on a stack with DNS-01",
    why: "It prefers HTTP-01 wherever that is on, and does not fall back.",
    command: deployAgain,
  },
  {
    id: "log-given-up",
    severity,
    pattern: /unable to obtain certificate for .* after \d+ retries/i,
    title: "The issuer has given up until the next restart",
    why: "It tries a first certificate five times; the liveness check has it started again three hours after its start. Mend the cause first: five failed validations an hour are Let's Encrypt's limit.",
    command: restart,
  },
  {
    id: "log-renewal-failed",
    severity,
    pattern: /failed to renew certificate for/i,
    title: "The renewal has failed",
    why: "After one failure the issuer looks again only a year later, or when it starts. The liveness check has it started again from 22 hours before the certificate's end on, at most every three hours; a restart within the last 24 hours tries at once.",
    command: restart,
  },
];

/** What is left in DNS; the attempt itself may have been well. */
export const cleanUpErrors: readonly IssuerError[] = [
  {
    id: "log-cleanup",
    severity: "warning",
    pattern: /cleaning up failed|failed to delete TXT record/i,
    title: "The issuer has left a challenge's TXT record behind",
    why: "It does no harm by itself, and shows that the DNS provider refuses to delete. Where many are left, an answer gets too long, or the zone full.",
    command: (expected) => kubectl(expected, shell`logs ${expected.names.pod} | grep -i 'clean'`),
  },
];
