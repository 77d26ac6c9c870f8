import type { Check } from "../check.ts";
import { found, type Problem } from "../finding.ts";
import { credentialInUse, hasCredential } from "./credentialInUse.ts";
import { renewCredential } from "./mend.ts";

const spare: Problem = {
  id: "credential-spare",
  severity: "warning",
  title: "There are more DNS credentials than the one in use",
  why: "A spare one opens the zone to whoever has it. An interrupted run may have left it, and the next rotation removes it; Google lets an account have 10 keys.",
  command: renewCredential,
};

/** How many credentials there are beside the one in use. */
export const credentialCount: Check = {
  id: "credential-count",
  group: "Credential",
  title: "There is no other DNS credential of the same kind",
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
