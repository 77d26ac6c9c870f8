import { operationSecondsLeft } from "../../chart/release.ts";
import { kubectl } from "../../lib/clusterCommand.ts";
import { isPending, pendingStatuses, recordSelector } from "../../lib/helmRecord.ts";
import type { Check } from "../check.ts";
import type { Expectation } from "../expectation.ts";
import type { Revision } from "../facts/helmRelease.ts";
import { found, type Problem } from "../finding.ts";
import { deployAgain, refreshAndDeploy } from "./mend.ts";
import { joined, shell, type ShellText } from "../../lib/shell.ts";

const missing: Problem = {
  id: "release-missing",
  severity: "error",
  title: "The Helm release is not in the cluster",
  why: "The stack has deployed it, so it was removed by other means, or this is another cluster.",
  command: refreshAndDeploy,
};

const pending: Problem = {
  id: "release-pending",
  severity: "error",
  title: "The release's last revision is pending",
  why: "An operation on it is running, or was killed. Helm refuses every other one meanwhile. The command of the doctor waits until no operation of this stack can be running any more, and takes the mark away; one that somebody has begun by other means may last longer. `pulumi up` does the same by itself where it has something to change.",
  // How long to wait depends on what is seen.
  command: ({ stack }) => shell`npm run doctor -- -s ${stack}`,
};

const failed: Problem = {
  id: "release-failed",
  severity: "warning",
  title: "The release's last revision has failed",
  why: "The provider runs with what the revision before had, and not with the stack's settings.",
  command: deployAgain,
};

const elsewhere: Problem = {
  id: "release-changed-elsewhere",
  severity: "warning",
  title: "The release was changed by other means than Pulumi",
  why: "What runs is not what the stack has deployed, and the next `pulumi up` may undo the change.",
  command: ({ stack }) => shell`pulumi refresh -s ${stack} --preview-only`,
};

/** The Secrets in which Helm keeps what is pending. When an operation ends after all, its label changes. */
function removeMark(expected: Expectation, revision: number): ShellText {
  const selector = recordSelector({
    name: expected.releaseName,
    version: revision,
    status: pendingStatuses,
  });
  return kubectl(expected, shell`delete secret -l '${selector}'`);
}

/** Removes the mark as soon as nobody can be at work any more, and puts a release back of which nothing is left then. */
function makeWay(
  last: Revision,
  revisions: readonly Revision[],
  expected: Expectation,
  now: Date,
): ShellText {
  const begun = last.markedAt.getTime() / 1_000;
  const left = operationSecondsLeft(begun, expected.timeout, now.getTime() / 1_000);
  return joined(
    [
      ...(left > 0 ? [shell`sleep ${left}`] : []),
      removeMark(expected, last.number),
      ...(revisions.some(({ status }) => status === "deployed")
        ? []
        : [refreshAndDeploy(expected)]),
    ],
    " && ",
  );
}

/** The state of the Helm release. */
export const releaseStatus: Check = {
  id: "release",
  group: "Release",
  title: "The Helm release is deployed",
  problems: [missing, pending, failed, elsewhere],
  run: async ({ expected, cluster, now }) => {
    const revisions = await cluster.revisions();
    const last = revisions.at(-1);
    if (last === undefined) {
      const seen = `no release ${expected.releaseName} in namespace ${expected.namespace}`;
      return { found: [found(missing, expected, { expected: "deployed", seen })], seen };
    }
    const seen = `revision ${last.number}, ${last.status}`;
    if (isPending(last.status)) {
      const command = makeWay(last, revisions, expected, now);
      return { found: [found(pending, expected, { expected: "deployed", seen, command })], seen };
    }
    if (last.status !== "deployed") {
      const words = `${seen}${last.description === "" ? "" : `: ${last.description}`}`;
      return { found: [found(failed, expected, { expected: "deployed", seen: words })], seen };
    }
    const { revision } = expected;
    return {
      found:
        revision === undefined || revision === last.number
          ? []
          : [found(elsewhere, expected, { expected: `revision ${revision}`, seen })],
      seen,
    };
  },
};
