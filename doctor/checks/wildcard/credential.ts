import { digestOf } from "../../../dns/credential.ts";
import { hasWildcard, type Check } from "../../check.ts";
import { wildcardOf } from "../../facts/wildcard.ts";
import { found, NotAvailable, type Problem } from "../../finding.ts";
import { refreshAndDeploy } from "../remedies.ts";

const missing: Problem = {
  id: "wildcard-credential-missing",
  severity: "error",
  title: "cert-manager's copy of the DNS credential, or the entry that it reads, is missing",
  why: "The next renewal of the wildcard certificate would fail.",
  command: refreshAndDeploy,
};

const another: Problem = {
  id: "wildcard-credential-another",
  severity: "error",
  title: "cert-manager has a DNS credential other than the stack's",
  why: "The copy was changed by hand, or a rotation was interrupted. The old credential may already be deleted, and the next renewal would fail.",
  command: refreshAndDeploy,
};

/** The copy of the DNS credential that cert-manager reads. */
export const wildcardCredential: Check = {
  id: "wildcard-credential",
  group: "Wildcard certificate",
  title: "cert-manager has the stack's DNS credential",
  problems: [missing, another],
  applies: hasWildcard,
  run: async ({ expected, wildcard }) => {
    const { namespace, credential } = wildcardOf(expected);
    const { name, key } = credential;
    const { challenge } = expected;
    // The provider's digest takes precedence: one run writes both credentials, the provider's first.
    const digest =
      (challenge.type === "dns-01" ? challenge.credentialDigest : undefined) ?? credential.digest;
    const entries = await wildcard.credential();
    const content = entries?.[key];
    if (content === undefined) {
      const seen =
        entries === undefined ? "no such Secret" : `entries ${Object.keys(entries).join(", ")}`;
      const wanted = `Secret ${name} in ${namespace} with ${key}`;
      return { seen, found: [found(missing, expected, { expected: wanted, seen })] };
    }
    if (digest === undefined) {
      throw new NotAvailable("the stack's state does not contain the digest of the credential");
    }
    const present = digestOf(content);
    const seen = `${name}, digest ${present}`;
    return {
      seen,
      found:
        present === digest
          ? []
          : [
              found(another, expected, {
                expected: `digest ${digest}`,
                seen: `digest ${present}`,
              }),
            ],
    };
  },
};
