import { kubectl } from "../../lib/clusterCommand.ts";
import { shell } from "../../lib/shell.ts";
import { recordSelector } from "../../lib/helmRecord.ts";
import type { Check } from "../check.ts";
import { found, type Problem } from "../finding.ts";

const leftOut: Problem = {
  id: "left-out",
  severity: "info",
  title: "Not everything was read",
  why: "It is too much to be read at each look. What was left out may have an error that is not told here.",
  command: (expected) =>
    kubectl(
      expected,
      shell`get secrets -l '${recordSelector({ name: expected.releaseName })}' --sort-by=.metadata.creationTimestamp`,
    ),
};

/** Whether the facts that other checks go by are whole. */
export const completeness: Check = {
  id: "completeness",
  group: "Release",
  title: "The release's revisions and the log were read as a whole",
  problems: [leftOut],
  run: async ({ expected, cluster }) => {
    const parts = await cluster.leftOut();
    return {
      found:
        parts.length === 0
          ? []
          : [
              found(leftOut, expected, {
                expected: "all of it",
                seen: `left out: ${parts.join("; ")}`,
              }),
            ],
      seen: "nothing was left out",
    };
  },
};
