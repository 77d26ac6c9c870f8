import { credentialChecksum, credentialSecretKey } from "../../chart/release.ts";
import { digestOf } from "../../dns/credential.ts";
import type { Check } from "../check.ts";
import { credentialSecret as secretName, type Expectation } from "../expectation.ts";
import { credentialDefect } from "../facts/credentialForm.ts";
import { found, type Finding, type Problem } from "../finding.ts";
import { deployAgain, refreshAndDeploy, restart } from "./remedies.ts";
import { joined } from "../../lib/shell.ts";

const missing: Problem = {
  id: "secret-missing",
  severity: "error",
  title: "The Secret with the DNS credential, or the entry that the pod reads, is missing",
  why: "The pod fails to start at its next restart.",
  command: refreshAndDeploy,
};

const malformed: Problem = {
  id: "secret-malformed",
  severity: "error",
  title: "The Secret contains no well-formed DNS credential",
  why: "The issuer uses the content byte for byte. The issuer would exit, or the DNS provider would refuse the credential.",
  command: refreshAndDeploy,
};

const another: Problem = {
  id: "secret-another",
  severity: "error",
  title: "The Secret contains a DNS credential other than the stack's",
  why: "The Secret was changed by hand. The program has not proven this credential, and the next `pulumi up` does not detect the change.",
  command: refreshAndDeploy,
};

const notInUse: Problem = {
  id: "credential-not-in-use",
  severity: "error",
  title: "The pod uses a DNS credential other than the stack's",
  why: "The issuer reads the credential once, at its start. The old credential may already be deleted, and the renewal would fail.",
  command: (expected) => joined([deployAgain(expected), restart(expected)], " && "),
};

/** The Secret with the DNS credential. */
export const credentialSecret: Check = {
  id: "secret",
  group: "Credential",
  title: "The Secret contains the stack's DNS credential, and the pod uses it",
  problems: [missing, malformed, another, notInUse],
  applies: (expected) => secretName(expected) !== undefined,
  run: async ({ expected, cluster }) => {
    const { challenge } = expected;
    const digest = challenge.type === "dns-01" ? challenge.credentialDigest : undefined;
    const [secret, pod] = await Promise.all([cluster.secret(), cluster.pod()]);
    const inUse = pod?.metadata?.annotations?.[credentialChecksum.dnsCredential];
    return {
      seen: `${secretName(expected) ?? ""}, digest ${digest ?? ""}`,
      found: [
        ...content(secret?.entries, digest, expected),
        ...(pod === undefined || inUse === digest
          ? []
          : [
              found(notInUse, expected, {
                expected: `digest ${digest ?? ""}`,
                seen: `digest ${inUse ?? "none"}`,
              }),
            ]),
      ],
    };
  },
};

function content(
  entries: Readonly<Record<string, string>> | undefined,
  digest: string | undefined,
  expected: Expectation,
): Finding[] {
  const { challenge } = expected;
  if (challenge.type !== "dns-01") {
    return [];
  }
  const key = credentialSecretKey[challenge.dnsProvider];
  const text = entries?.[key];
  if (text === undefined) {
    const seen =
      entries === undefined ? "no such Secret" : `entries ${Object.keys(entries).join(", ")}`;
    const wanted = `Secret ${secretName(expected) ?? ""} with ${key}`;
    return [found(missing, expected, { expected: wanted, seen })];
  }
  const defect = credentialDefect[challenge.dnsProvider](text);
  if (defect !== undefined) {
    return [found(malformed, expected, { expected: "a well-formed credential", seen: defect })];
  }
  const present = digestOf(text);
  return present === digest
    ? []
    : [found(another, expected, { expected: `digest ${digest ?? ""}`, seen: `digest ${present}` })];
}
