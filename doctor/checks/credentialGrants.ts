import type { Check } from "../check.ts";
import { found, type Problem } from "../finding.ts";
import { credentialInUse, hasCredential } from "./credentialInUse.ts";
import { renewCredential } from "./mend.ts";
import { placeholder, shell } from "../../lib/shell.ts";

const wide: Problem = {
  id: "credential-wide",
  severity: "warning",
  title: "The DNS credential may do more than a challenge needs",
  why: "It lies in the cluster. Whoever can read that Secret has all of its rights, and with a whole project's DNS could redirect everything in it.",
  command: (expected) => {
    const { made, challenge, wildcard } = expected;
    const ofWildcard = wildcard?.credential;
    const [dnsProvider, project] =
      challenge.type === "dns-01"
        ? [challenge.dnsProvider, challenge.environment?.GCE_PROJECT]
        : [ofWildcard?.dnsProvider, ofWildcard?.managedZone?.project];
    return dnsProvider === "googleCloud"
      ? shell`gcloud projects get-iam-policy ${project ?? placeholder("project")} --flatten=bindings --filter=${`bindings.members:${made?.owner ?? "ACCOUNT"}`}`
      : renewCredential(expected);
  },
};

/** What the credential reaches beyond its zone. */
export const credentialGrants: Check = {
  id: "credential-grants",
  group: "Credential",
  title: "The DNS credential reaches its zone alone",
  problems: [wide],
  applies: hasCredential,
  run: async (context) => {
    const excess = await (await credentialInUse(context)).excess();
    return {
      seen: "nothing beyond it",
      found: excess.map((seen) =>
        found(wide, context.expected, {
          subject: seen,
          expected: "the records of one zone",
          seen: `it may ${seen}`,
        }),
      ),
    };
  },
};
