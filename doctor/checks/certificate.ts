import { kubectl } from "../../lib/clusterCommand.ts";
import { letsEncryptDirectory } from "../../config/environment.ts";
import type { Check } from "../check.ts";
import type { Expectation } from "../expectation.ts";
import { apiPort, isOfStaging, type ServedCertificate } from "../facts/wire.ts";
import { found, type Finding, type Problem } from "../finding.ts";
import { usesLetsEncrypt } from "./issuerErrors.ts";
import { restart } from "./mend.ts";
import { closedOrUnseen, insideAnswer, unseen } from "./notSeenFromHere.ts";
import { placeholder, shell, verbatim } from "../../lib/shell.ts";

const closed: Problem = {
  id: "port-8443-closed",
  severity: "error",
  title: "Port 8443 of the provider's host does not answer",
  why: "It is the provider's API: no tenant can send a manifest, and the provider is not listed as online.",
  command: ({ host }) => shell`openssl s_client -connect ${host}:${apiPort} -servername ${host}`,
};

const hidden = unseen(
  apiPort,
  ({ host }) => shell`openssl s_client -connect ${host}:${apiPort} -servername ${host}`,
);

const serviceDead: Problem = {
  id: "service-leads-nowhere",
  severity: "error",
  title: "The provider's Service does not lead to its pod",
  why: "The pod answers on port 8443, and its Service does not: it selects no pod that is ready, or another port, or is not there. Every way from outside goes through it.",
  command: (expected) => kubectl(expected, shell`describe service ${expected.names.fullname}`),
};

const chain: Problem = {
  id: "certificate-chain",
  severity: "error",
  title: "Port 8443 serves the self-signed certificate of the chain",
  why: "The provider has no certificate of the CA, and falls back to that of mTLS. Clients with a JWT refuse it; the log says why there is none.",
  command: (expected) => kubectl(expected, shell`logs ${expected.names.pod} | grep cert-issuer`),
};

const selfSigned: Problem = {
  id: "certificate-self-signed",
  severity: "error",
  title: "Port 8443 serves a self-signed certificate that is not the provider's",
  why: "Whoever makes a certificate writes into it what they like, also Let's Encrypt's name. No client trusts it. Something else than the provider answers, or has been put in front of it.",
  command: closed.command,
};

const incomplete: Problem = {
  id: "certificate-chain-incomplete",
  severity: "error",
  title: "Port 8443 leaves out a certificate between its own and the CA's root",
  why: "Most clients do not look for it, and refuse the connection; until it is there, nobody can tell whether the CA has signed the certificate at all. The provider itself serves what the CA has sent with it, so something in front of it may end TLS with the certificate alone: give it the whole chain (`fullchain.pem`).",
  command: (expected) => shell`${verbatim(closed.command(expected))} -showcerts`,
};

const untrusted: Problem = {
  id: "certificate-root-unknown",
  severity: "error",
  title: "The certificate on port 8443 leads to a root that this machine does not know",
  why: "It is not from Let's Encrypt, whatever it says: no client trusts it. Where Let's Encrypt itself has a new root, a newer Node or system knows it.",
  command: (expected) => shell`${verbatim(closed.command(expected))} -showcerts`,
};

const privateRoot: Problem = {
  id: "certificate-root-private",
  severity: "info",
  title:
    "The certificate on port 8443 leads to a root that this machine does not know, as that of a private CA",
  why: "So nothing tells whether the stack's CA has signed it. With the CA's root at hand, the doctor can.",
  command: ({ stack }) => shell`npm run doctor -- -s ${stack} --ca ${placeholder("root.pem")}`,
};

const chainOutOfTime: Problem = {
  id: "certificate-chain-expired",
  severity: "error",
  title: "A certificate between that of port 8443 and the CA's root is not valid now",
  why: "Clients refuse it as they would an expired certificate. A newer certificate comes with a chain that is valid; or a clock is wrong.",
  command: restart,
};

const notYetValid: Problem = {
  id: "certificate-not-yet-valid",
  severity: "error",
  title: "The certificate on port 8443 is not valid yet",
  why: "A CA dates none ahead, so a clock is wrong: this machine's, and then all that it says of times is, or the CA's. The command shows this machine's time and the CA's.",
  command: ({ directoryUrl }) => shell`date -u; curl -sI ${directoryUrl} | grep -i '^date:'`,
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

/** An intermediate of Let's Encrypt's, by its name: its roots are of another organization (https://letsencrypt.org/certificates/). */
const letsEncrypt = /O=(\(STAGING\) )?Let's Encrypt/;

/** The certificate that the provider's API serves to who names the host. */
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
        const wanted = `the Service ${expected.names.fullname} answers as its pod does`;
        const nowhere = { expected: wanted, seen: `only the pod answers; ${seen}` };
        return { seen, found: [found(serviceDead, expected, nowhere)] };
      }
      const sighting = { expected: "a TLS server", seen };
      const finding = await closedOrUnseen(context, [closed, hidden], sighting, () =>
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
  const sight = (problem: Problem, wanted: string) => [
    found(problem, expected, { expected: wanted, seen }),
  ];
  if (served.selfSigned) {
    // The provider's own names its account (akash-network/node, x/cert).
    const problem = seen.includes("CN=akash1") ? chain : selfSigned;
    return sight(problem, `a certificate from ${expected.directoryUrl}`);
  }
  if (!usesLetsEncrypt(expected)) {
    return [];
  }
  // https://letsencrypt.org/docs/staging-environment/ and …/certificates/: every issuer is of this organization, and
  // staging's says so in front.
  const isStaging = isOfStaging(seen);
  if (!letsEncrypt.test(seen) && !isStaging) {
    return sight(otherIssuer, "Let's Encrypt");
  }
  const wantsStaging = expected.directoryUrl === letsEncryptDirectory.staging;
  if (isStaging === wantsStaging) {
    return [];
  }
  return isStaging ? sight(staging, "Let's Encrypt") : sight(production, "(STAGING) Let's Encrypt");
}

/** Where the chain leads: whatever a certificate says of its issuer, the signatures tell. */
function trust({ selfSigned, chain }: ServedCertificate, expected: Expectation): Finding[] {
  const { end, issuer, length, namesIssuer, outOfTime } = chain;
  const last = `${length === 1 ? "the certificate alone" : `${length} certificates, the last`}, by ${issuer}`;
  const sight = (problem: Problem, wanted: string, seen = last) => [
    found(problem, expected, { expected: wanted, seen }),
  ];
  if (selfSigned) {
    return [];
  }
  if (end === "trusted") {
    return outOfTime === undefined
      ? []
      : sight(chainOutOfTime, "certificates that are valid now", outOfTime);
  }
  const ofLetsEncrypt = usesLetsEncrypt(expected);
  // Nobody needs the root itself to be sent. A public CA's root signs no server's certificate, and each of Let's Encrypt's
  // says where its issuer's is.
  const isBelowRoot = ofLetsEncrypt ? length === 1 || namesIssuer : length === 1 && namesIssuer;
  if (end === "open" && (isBelowRoot || letsEncrypt.test(issuer))) {
    return sight(incomplete, `the certificate of ${issuer}, too`);
  }
  return ofLetsEncrypt
    ? sight(untrusted, "a chain to a root of Let's Encrypt's")
    : sight(privateRoot, "a chain to a root that is known here");
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
