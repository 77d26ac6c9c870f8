import type { Check } from "../check.ts";
import { found, type Problem } from "../finding.ts";
import { credentialInUse, hasCredential } from "./credentialInUse.ts";
import { renewCredential, renewOwner } from "./mend.ts";

const lacking: Problem = {
  id: "credential-lacking",
  severity: "error",
  title: "The DNS credential cannot answer a challenge",
  why: "Nothing shows that before the renewal: the provider uses the certificate that it has. A rotation makes a new credential, proves it, and only then puts it to use.",
  command: renewCredential,
};

const unproven: Problem = {
  id: "credential-unproven",
  severity: "error",
  title: "The DNS credential cannot write, read back and delete a TXT record",
  why: "That is what a challenge takes, and so the next certificate would not come.",
  command: renewCredential,
};

/** Whether the DNS credential works. */
export const credentialWorks: Check = {
  id: "credential",
  group: "Credential",
  title: "The DNS credential works",
  problems: [lacking, unproven],
  applies: hasCredential,
  run: async (context) => {
    const { expected, prove } = context;
    const credential = await credentialInUse(context);
    const lacks = await credential.lacks();
    if (lacks.length > 0) {
      const findings = lacks.map((lack) =>
        found(lacking, expected, {
          subject: lack.expected,
          expected: lack.expected,
          seen: lack.seen,
          ...(lack.ownerGone === true && { command: renewOwner(expected) }),
        }),
      );
      return { found: findings, seen: "it does not work" };
    }
    if (!prove) {
      return {
        found: [],
        seen: "it sees the zone, and nothing forbids it to write (--prove tries)",
      };
    }
    const failure = await credential.prove();
    return {
      seen: "a TXT record was written, read back and deleted",
      found:
        failure === undefined
          ? []
          : [found(unproven, expected, { expected: "a TXT record", seen: failure })],
    };
  },
};
