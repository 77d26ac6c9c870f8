import { kubectl } from "../../lib/clusterCommand.ts";
import { letsEncryptDirectory } from "../../config/settings.ts";
import type { Check } from "../check.ts";
import type { Expectation } from "../expectation.ts";
import { apiPort, type ServedCertificate } from "../facts/wire.ts";
import { found, type Finding, type Problem } from "../finding.ts";
import { usesLetsEncrypt } from "./issuerErrors.ts";
import { restart } from "./mend.ts";
import { shell } from "../../lib/shell.ts";

const closed: Problem = {
  id: "port-8443-closed",
  severity: "error",
  title: "Port 8443 of the provider's host does not answer",
  why: "It is the provider's API: no tenant can send a manifest, and the provider is not listed as online.",
  command: ({ host }) => shell`openssl s_client -connect ${host}:${apiPort} -servername ${host}`,
};

const chain: Problem = {
  id: "certificate-chain",
  severity: "error",
  title: "Port 8443 serves the self-signed certificate of the chain",
  why: "The provider has no certificate of the CA, and falls back to that of mTLS. Clients with a JWT refuse it; the log says why there is none.",
  command: (expected) => kubectl(expected, shell`logs ${expected.names.pod} | grep cert-issuer`),
};

const staging: Problem = {
  id: "certificate-staging",
  severity: "error",
  title: "Port 8443 serves a certificate of Let's Encrypt's staging CA in production",
  why: "No client trusts it. The published chart goes on with staging's certificate after the switch; this program gives each CA a directory of its own.",
  command: restart,
};

const production: Problem = {
  id: "certificate-production",
  severity: "warning",
  title: "Port 8443 serves a certificate of the production CA on a staging stack",
  why: "Another provider answers under this name, or the pod has not been restarted since the switch.",
  command: restart,
};

const otherIssuer: Problem = {
  id: "certificate-issuer",
  severity: "warning",
  title: "Port 8443 serves a certificate of another CA than the stack's",
  why: "Something in front of the provider may end TLS, which then needs its own renewal, and breaks mTLS.",
  command: closed.command,
};

const otherName: Problem = {
  id: "certificate-name",
  severity: "error",
  title: "The certificate on port 8443 is for other names",
  why: "Clients refuse a certificate that does not name the host that they asked for.",
  command: closed.command,
};

/** The certificate that the provider's API serves to who names the host. */
export const certificate: Check = {
  id: "certificate",
  group: "Certificate",
  title: "Port 8443 serves the stack's certificate",
  problems: [closed, chain, staging, production, otherIssuer, otherName],
  run: async ({ expected, wire }) => {
    const served = await wire.certificate();
    if ("unreachable" in served) {
      const seen = served.unreachable;
      return { seen, found: [found(closed, expected, { expected: "a TLS server", seen })] };
    }
    const seen = `${served.names.join(", ")} by ${served.issuer}`;
    return { seen, found: [...issuer(served, expected), ...names(served, expected)] };
  },
};

function issuer(served: ServedCertificate, expected: Expectation): Finding[] {
  const seen = served.issuer;
  const sight = (problem: Problem, wanted: string) => [
    found(problem, expected, { expected: wanted, seen }),
  ];
  if (served.selfSigned) {
    return sight(chain, `a certificate from ${expected.directoryUrl}`);
  }
  if (!usesLetsEncrypt(expected)) {
    return [];
  }
  // https://letsencrypt.org/docs/staging-environment/ and …/certificates/: every issuer is of this organization, and
  // staging's says so in front.
  const isStaging = seen.includes("(STAGING)");
  const isLetsEncrypt = /O=(\(STAGING\) )?Let's Encrypt/.test(seen);
  if (!isLetsEncrypt && !isStaging) {
    return sight(otherIssuer, "Let's Encrypt");
  }
  const wantsStaging = expected.directoryUrl === letsEncryptDirectory.staging;
  if (isStaging === wantsStaging) {
    return [];
  }
  return isStaging ? sight(staging, "Let's Encrypt") : sight(production, "(STAGING) Let's Encrypt");
}

function names(served: ServedCertificate, expected: Expectation): Finding[] {
  // The chain's certificate names an account; that it is served at all is the finding.
  return served.matchesHost || served.selfSigned
    ? []
    : [
        found(otherName, expected, {
          expected: expected.host,
          seen: served.names.join(", ") || served.subject,
        }),
      ];
}
