import type { Check } from "../check.ts";
import { found, type Problem } from "../finding.ts";
import { credentialInUse, hasCredential } from "./credentialInUse.ts";
import { renewCredential } from "./remedies.ts";

const spare: Problem = {
  id: "credential-spare",
  severity: "warning",
  title: "DNS credentials other than the one in use exist",
  why: "A spare credential grants access to the zone. It may be an orphan of an interrupted run; the next rotation deletes it. Google allows 10 keys per account.",
  command: renewCredential,
};

/** Whether credentials other than the one in use exist. */
export const credentialCount: Check = {
  id: "credential-count",
  group: "Credential",
  title: "No other DNS credential of the same kind exists",
  problems: [spare],
  applies: hasCredential,
  run: async (context) => {
    const { count, what } = await (await credentialInUse(context)).count();
    const seen = `${count} ${what}`;
    return {
      seen,
      found: count > 1 ? [found(spare, context.expected, { expected: `1 ${what}`, seen })] : [],
    };
  },
};
