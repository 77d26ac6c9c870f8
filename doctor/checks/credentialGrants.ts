import type { Check } from "../check.ts";
import { found, type Problem } from "../finding.ts";
import { credentialInUse, hasCredential } from "./credentialInUse.ts";
import { renewCredential } from "./remedies.ts";
import { placeholder, shell } from "../../lib/shell.ts";

const wide: Problem = {
  id: "credential-wide",
  severity: "warning",
  title: "The DNS credential has more permissions than a challenge needs",
  why: "The credential is stored in the cluster. Anyone who can read the Secret has all its permissions; with write access to the DNS of a whole project they can redirect every name in it.",
  command: (expected) => {
    const { created, challenge, wildcard } = expected;
    const ofWildcard = wildcard?.credential;
    const [dnsProvider, project] =
      challenge.type === "dns-01"
        ? [challenge.dnsProvider, challenge.environment?.GCE_PROJECT]
        : [ofWildcard?.dnsProvider, ofWildcard?.managedZone?.project];
    return dnsProvider === "googleCloud"
      ? shell`gcloud projects get-iam-policy ${project ?? placeholder("project")} --flatten=bindings --filter=${`bindings.members:${created?.owner ?? "ACCOUNT"}`}`
      : renewCredential(expected);
  },
};

/** Access of the credential beyond its zone. */
export const credentialGrants: Check = {
  id: "credential-grants",
  group: "Credential",
  title: "The DNS credential is limited to its zone",
  problems: [wide],
  applies: hasCredential,
  run: async (context) => {
    const excess = await (await credentialInUse(context)).excess();
    return {
      seen: "no access beyond the zone",
      found: excess.map((seen) =>
        found(wide, context.expected, {
          subject: seen,
          expected: "the records of one zone",
          seen: `it can ${seen}`,
        }),
      ),
    };
  },
};
