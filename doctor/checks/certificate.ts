import { kubectl } from "../../lib/clusterCommand.ts";
import { letsEncryptDirectory } from "../../config/environment.ts";
import type { Check } from "../check.ts";
import type { Expectation } from "../expectation.ts";
import { apiPort, isOfStaging, type ServedCertificate } from "../facts/wire.ts";
import { found, type Finding, type Problem } from "../finding.ts";
import { usesLetsEncrypt } from "./issuerErrors.ts";
import { restart } from "./remedies.ts";
import { closedOrUnreachable, insideAnswer, unreachableFromHere } from "./unreachableFromHere.ts";
import { placeholder, shell, verbatim } from "../../lib/shell.ts";

const closed: Problem = {
  id: "port-8443-closed",
  severity: "error",
  title: "Port 8443 of the provider's host does not respond",
  why: "Port 8443 is the provider's API. Without it no tenant can send a manifest, and the provider is not listed as online.",
  command: ({ host }) => shell`openssl s_client -connect ${host}:${apiPort} -servername ${host}`,
};

const hidden = unreachableFromHere(
  apiPort,
  ({ host }) => shell`openssl s_client -connect ${host}:${apiPort} -servername ${host}`,
);

const serviceDead: Problem = {
  id: "service-leads-nowhere",
  severity: "error",
  title: "The provider's Service does not route to its pod",
  why: "The pod responds on port 8443, but its Service does not: the Service is missing, selects no ready pod, or targets another port. All traffic from outside passes through the Service.",
  command: (expected) => kubectl(expected, shell`describe service ${expected.names.fullname}`),
};

const chain: Problem = {
  id: "certificate-chain",
  severity: "error",
  title: "Port 8443 serves the self-signed certificate of the blockchain",
  why: "The provider has no certificate from the CA and falls back to its mTLS certificate. Clients that authenticate with a JWT refuse it. The log shows why the CA's certificate is missing.",
  command: (expected) => kubectl(expected, shell`logs ${expected.names.pod} | grep cert-issuer`),
};

const selfSigned: Problem = {
  id: "certificate-self-signed",
  severity: "error",
  title: "Port 8443 serves a self-signed certificate that is not the provider's",
  why: "A self-signed certificate can contain any name, including Let's Encrypt's. No client trusts it. Another server responds in place of the provider or in front of it.",
  command: closed.command,
};

const incomplete: Problem = {
  id: "certificate-chain-incomplete",
  severity: "error",
  title: "Port 8443 serves an incomplete certificate chain",
  why: "Most clients do not download missing intermediate certificates and refuse the connection. Without them the CA's signature cannot be verified. The provider serves the chain that the CA sends, so a proxy in front of it may terminate TLS with the certificate alone: configure the proxy with the whole chain (`fullchain.pem`).",
  command: (expected) => shell`${verbatim(closed.command(expected))} -showcerts`,
};

const untrusted: Problem = {
  id: "certificate-root-unknown",
  severity: "error",
  title: "The certificate on port 8443 chains to an unknown root",
  why: "The certificate is not from Let's Encrypt, whatever issuer it names, and no client trusts it. If Let's Encrypt has a new root, a newer Node or system knows it.",
  command: (expected) => shell`${verbatim(closed.command(expected))} -showcerts`,
};

const privateRoot: Problem = {
  id: "certificate-root-private",
  severity: "info",
  title: "The certificate on port 8443 chains to an unknown root, possibly of a private CA",
  why: "The doctor cannot verify that the stack's CA signed the certificate. To verify it, provide the CA's root.",
  command: ({ stack }) => shell`npm run doctor -- -s ${stack} --ca ${placeholder("root.pem")}`,
};

const chainOutOfTime: Problem = {
  id: "certificate-chain-expired",
  severity: "error",
  title: "A CA certificate in the chain of port 8443 is not valid now",
  why: "Clients refuse the chain like an expired certificate. A newer certificate comes with a valid chain; otherwise a clock is wrong.",
  command: restart,
};

const notYetValid: Problem = {
  id: "certificate-not-yet-valid",
  severity: "error",
  title: "The certificate on port 8443 is not valid yet",
  why: "A CA does not issue certificates with a start in the future, so the clock of this machine or of the CA is wrong. If it is this machine's, all times in this report are wrong. The command shows both times.",
  command: ({ directoryUrl }) => shell`date -u; curl -sI ${directoryUrl} | grep -i '^date:'`,
};

const staging: Problem = {
  id: "certificate-staging",
  severity: "error",
  title: "Port 8443 serves a certificate of Let's Encrypt's staging CA in production",
  why: "No client trusts it. The published chart continues to use the staging certificate after the switch; this program gives each CA its own directory.",
  command: restart,
};

const production: Problem = {
  id: "certificate-production",
  severity: "warning",
  title: "Port 8443 serves a certificate of the production CA on a staging stack",
  why: "Another provider responds under this name, or the pod has not been restarted since the switch.",
  command: restart,
};

const otherIssuer: Problem = {
  id: "certificate-issuer",
  severity: "warning",
  title: "Port 8443 serves a certificate of a CA other than the stack's",
  why: "A proxy in front of the provider may terminate TLS. Such a proxy needs its own renewal and breaks mTLS.",
  command: closed.command,
};

const otherName: Problem = {
  id: "certificate-name",
  severity: "error",
  title: "The certificate on port 8443 does not name the provider's host",
  why: "Clients refuse a certificate that does not name the requested host.",
  command: closed.command,
};

/** An intermediate of Let's Encrypt, by its name: the roots name another organization (https://letsencrypt.org/certificates/). */
const letsEncrypt = /O=(\(STAGING\) )?Let's Encrypt/;

/** The certificate that the provider's API serves for the host (SNI). */
export const certificate: Check = {
  id: "certificate",
  group: "Certificate",
  title: "Port 8443 serves the stack's certificate",
  problems: [
    ...[closed, hidden, serviceDead, chain, selfSigned, staging, production, otherIssuer],
    ...[incomplete, untrusted, privateRoot, chainOutOfTime, notYetValid, otherName],
  ],
  run: async (context) => {
    const { expected, wire, cluster, now } = context;
    const served = await wire.certificate();
    if ("unreachable" in served) {
      const seen = served.unreachable;
      const { pod, service } = await cluster.inside();
      if (pod && service === false) {
        const wanted = `the Service ${expected.names.fullname} responds like its pod`;
        const podAlone = { expected: wanted, seen: `only the pod responds; ${seen}` };
        return { seen, found: [found(serviceDead, expected, podAlone)] };
      }
      const evidence = { expected: "a TLS server", seen };
      const finding = await closedOrUnreachable(context, [closed, hidden], evidence, () =>
        insideAnswer(context),
      );
      return { seen, found: [finding] };
    }
    const seen = `${served.names.join(", ")} by ${served.issuer}`;
    return {
      seen,
      found: [
        ...issuer(served, expected),
        ...trust(served, expected),
        ...beginning(served, expected, now),
        ...names(served, expected),
      ],
    };
  },
};

function issuer(served: ServedCertificate, expected: Expectation): Finding[] {
  const seen = served.issuer;
  const finding = (problem: Problem, wanted: string) => [
    found(problem, expected, { expected: wanted, seen }),
  ];
  if (served.selfSigned) {
    // The provider's own certificate names its account (akash-network/node, x/cert).
    const problem = seen.includes("CN=akash1") ? chain : selfSigned;
    return finding(problem, `a certificate from ${expected.directoryUrl}`);
  }
  if (!usesLetsEncrypt(expected)) {
    return [];
  }
  // https://letsencrypt.org/docs/staging-environment/ and …/certificates/: every issuer names this organization, and
  // those of staging begin with (STAGING).
  const isStaging = isOfStaging(seen);
  if (!letsEncrypt.test(seen) && !isStaging) {
    return finding(otherIssuer, "Let's Encrypt");
  }
  const wantsStaging = expected.directoryUrl === letsEncryptDirectory.staging;
  if (isStaging === wantsStaging) {
    return [];
  }
  return isStaging
    ? finding(staging, "Let's Encrypt")
    : finding(production, "(STAGING) Let's Encrypt");
}

/** Checks the chain by its signatures; a certificate may name any issuer. */
function trust({ selfSigned, chain }: ServedCertificate, expected: Expectation): Finding[] {
  const { end, issuer, length, namesIssuer, outOfTime } = chain;
  const last = `${length === 1 ? "the certificate alone," : `${length} certificates, the last`} issued by ${issuer}`;
  const finding = (problem: Problem, wanted: string, seen = last) => [
    found(problem, expected, { expected: wanted, seen }),
  ];
  if (selfSigned) {
    return [];
  }
  if (end === "trusted") {
    return outOfTime === undefined
      ? []
      : finding(chainOutOfTime, "certificates that are valid now", outOfTime);
  }
  const ofLetsEncrypt = usesLetsEncrypt(expected);
  // A server need not send the root. The root of a public CA signs no server certificate, and each certificate of Let's
  // Encrypt contains the address of its issuer's.
  const isBelowRoot = ofLetsEncrypt ? length === 1 || namesIssuer : length === 1 && namesIssuer;
  if (end === "open" && (isBelowRoot || letsEncrypt.test(issuer))) {
    return finding(incomplete, `also the certificate of ${issuer}`);
  }
  return ofLetsEncrypt
    ? finding(untrusted, "a chain to a root of Let's Encrypt")
    : finding(privateRoot, "a chain to a known root");
}

function beginning({ notBefore }: ServedCertificate, expected: Expectation, now: Date): Finding[] {
  return notBefore <= now
    ? []
    : [
        found(notYetValid, expected, {
          expected: `valid at ${now.toISOString()}`,
          seen: `valid from ${notBefore.toISOString()}`,
        }),
      ];
}

function names(served: ServedCertificate, expected: Expectation): Finding[] {
  // The blockchain certificate names an account; serving it is a finding of its own.
  return served.matchesHost || served.selfSigned
    ? []
    : [
        found(otherName, expected, {
          expected: expected.host,
          seen: served.names.join(", ") || served.subject,
        }),
      ];
}
