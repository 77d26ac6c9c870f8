import type { Check } from "../check.ts";
import { found, type Problem } from "../finding.ts";
import { credentialInUse, hasCredential } from "./credentialInUse.ts";
import { renewCredential, renewOwner } from "./remedies.ts";

const lacking: Problem = {
  id: "credential-lacking",
  severity: "error",
  title: "The DNS credential cannot answer a challenge",
  why: "The defect has no effect before the renewal, since the provider uses its present certificate. A rotation creates a new credential and proves it before it is used.",
  command: renewCredential,
};

const unproven: Problem = {
  id: "credential-unproven",
  severity: "error",
  title: "The DNS credential cannot write, read back and delete a TXT record",
  why: "A challenge needs these three operations, so the next renewal would fail.",
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
        seen: "it can read the zone, and nothing denies it write access (--prove tests this)",
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
