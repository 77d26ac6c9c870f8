import { kubectl } from "../../lib/clusterCommand.ts";
import { shell } from "../../lib/shell.ts";
import { recordSelector } from "../../lib/helmRecord.ts";
import type { Check } from "../check.ts";
import { found, type Problem } from "../finding.ts";

const leftOut: Problem = {
  id: "left-out",
  severity: "info",
  title: "The data was not read completely",
  why: "The data is too large to be read in each run. The omitted part may contain an error that is not reported here.",
  command: (expected) =>
    kubectl(
      expected,
      shell`get secrets -l '${recordSelector({ name: expected.releaseName })}' --sort-by=.metadata.creationTimestamp`,
    ),
};

/** Whether the data that other checks use is complete. */
export const completeness: Check = {
  id: "completeness",
  group: "Release",
  title: "The release's revisions and the log were read completely",
  problems: [leftOut],
  run: async ({ expected, cluster }) => {
    const parts = await cluster.leftOut();
    return {
      found:
        parts.length === 0
          ? []
          : [
              found(leftOut, expected, {
                expected: "all data",
                seen: `omitted: ${parts.join("; ")}`,
              }),
            ],
      seen: "nothing was omitted",
    };
  },
};
