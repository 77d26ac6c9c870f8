import { kubectl } from "../../../lib/clusterCommand.ts";
import { deployAgain, restart, restartWithoutStored, setAndDeploy } from "../remedies.ts";
import { inContainer } from "../lookUp.ts";
import { shell } from "../../../lib/shell.ts";
import type { IssuerError } from "./issuerError.ts";

const severity = "error";

/**
 * Errors with which the provider exits at its start: akash-network/provider, tools/certissuer/config.go and lego.go, and
 * go-acme/lego v4.26, providers/dns/cloudflare/cloudflare.go, providers/dns/gcloud/googlecloud.go and
 * platform/config/env/env.go.
 */
export const settingErrors: readonly IssuerError[] = [
  {
    id: "log-dns-provider",
    severity,
    pattern: /invalid dns provider|unsupported DNS provider/i,
    title: "The provider does not know the configured DNS provider",
    why: "The provider knows only `gcloud` and `cf`, and exits. The published chart sets other names; the repair of this program was not applied.",
    command: deployAgain,
  },
  {
    id: "log-email",
    severity,
    pattern: /cert issuer: .*invalid email|acme:error:invalid(Contact|Email)|unsupportedContact/i,
    title: "The CA account's e-mail address is refused",
    why: "Without a valid address the provider exits, or the CA creates no account.",
    command: (expected) => setAndDeploy(expected, shell`email you@example.com`),
  },
  {
    id: "log-settings",
    severity,
    pattern: /cert issuer: invalid (config|args)/i,
    title: "The provider refuses the issuer's settings",
    why: "The provider checks the settings at its start, and exits. The chart renders them from the stack's settings, so they were changed since, or the chart's version does not fit.",
    command: deployAgain,
  },
  {
    id: "log-clock",
    severity,
    // Google's message for a token from another time, and Go's for the server's certificate.
    pattern: /in a reasonable timeframe|certificate has expired or is not yet valid/i,
    title: "The clock of the pod's node is wrong",
    why: "Google refuses a token, and TLS a certificate, that is not valid at the present time. The pod uses its node's clock; synchronize it with NTP.",
    command: (expected) => inContainer(expected, shell`date -u`),
  },
  {
    id: "log-credential-missing",
    severity,
    pattern:
      /googlecloud: (project (name missing|ID not found)|Service Account|unable to (acquire|create|get|read)|the configuration)|some credentials information are missing|cloudflare: (invalid (credentials|TTL)|the configuration)|invalid header field value for \\?"Authorization|Failed to read the file .*(GCE|CF|CLOUDFLARE)_/i,
    title: "The provider finds no usable DNS credential",
    why: "The Secret is empty, malformed, or not the one that the pod reads. The issuer reads the credential at its start, and the provider exits without it.",
    command: deployAgain,
  },
];

/** Errors of the home volume (tools/certissuer/storage.go) and of the port of HTTP-01. */
export const containerErrors: readonly IssuerError[] = [
  {
    id: "log-listener",
    severity,
    pattern: /could not start HTTPS? server for challenge/i,
    title: "The issuer cannot listen for the CA's request",
    why: "Another process of the pod uses the port, usually an orphan of an earlier attempt.",
    command: restart,
  },
  {
    id: "log-no-solver",
    severity,
    pattern: /could not determine solvers|unable to find challenge|no DNS Provider configured/i,
    title: "The CA offers no challenge that the issuer can answer",
    why: "The pod has neither HTTP-01 nor DNS-01 enabled, or the CA accepts only another challenge.",
    command: deployAgain,
  },
  {
    id: "log-volume",
    severity,
    pattern:
      /failed to save resource for|\.certissuer.*(no space left|read-only file system|permission denied|input\/output error|disk quota exceeded)/i,
    title: "The issuer cannot write to the home volume",
    why: "The volume is full or not writable. A certificate that is not stored is lost at the next restart, but still counts for the CA's limits.",
    command: (expected) => inContainer(expected, shell`df -h`),
  },
  {
    id: "log-storage-damaged",
    severity,
    pattern:
      /cert storage: |failed to read resource for|invalid PEM certificate data for|failed to parse (certificate|private key)\b|no certificates were found while parsing|PEM decode did not yield|(unknown|invalid) PEM (header|block)|unknown private key type|^Error: (unexpected end of JSON input|invalid character .* (looking for|in (literal|string)))/i,
    title: "The issuer's stored data is damaged",
    why: "An interrupted write leaves an incomplete file, which the issuer neither reads nor replaces. Without the issuer's folder the provider creates a new account and obtains a new certificate.",
    command: (expected) => restartWithoutStored(expected),
  },
];

/** Outcomes of an attempt, independent of the cause. */
export const outcomes: readonly IssuerError[] = [
  {
    id: "log-http-solver",
    severity,
    pattern: /use http-01 solver/i,
    applies: ({ challenge }) => challenge.type === "dns-01",
    title: "The issuer uses HTTP-01 on a stack with DNS-01",
    why: "The issuer prefers HTTP-01 wherever it is enabled, and does not fall back.",
    command: deployAgain,
  },
  {
    id: "log-given-up",
    severity,
    pattern: /unable to obtain certificate for .* after \d+ retries/i,
    title: "The issuer makes no further attempt until its next restart",
    why: "The issuer attempts a first certificate five times; the liveness probe restarts the container three hours after its start. Fix the cause first: Let's Encrypt allows five failed validations an hour.",
    command: restart,
  },
  {
    id: "log-renewal-failed",
    severity,
    pattern: /failed to renew certificate for/i,
    title: "The renewal has failed",
    why: "After a failure the issuer checks the certificate again only a year later, or at its start. The liveness probe restarts the container from 22 hours before the certificate's expiry, at most every three hours; a restart within the last 24 hours retries immediately.",
    command: restart,
  },
];

/** Records that remain in DNS; the attempt itself may have succeeded. */
export const cleanUpErrors: readonly IssuerError[] = [
  {
    id: "log-cleanup",
    severity: "warning",
    pattern: /cleaning up failed|failed to delete TXT record/i,
    title: "The issuer has left a challenge's TXT record in DNS",
    why: "The record does no harm, but shows that the DNS provider refuses deletions. Many such records make a DNS response too long, or fill the zone.",
    command: (expected) => kubectl(expected, shell`logs ${expected.names.pod} | grep -i 'clean'`),
  },
];
