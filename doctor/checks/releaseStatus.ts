import { operationSecondsLeft } from "../../chart/release.ts";
import { kubectl } from "../../lib/clusterCommand.ts";
import { isPending, pendingStatuses, recordSelector } from "../../lib/helmRecord.ts";
import type { Check } from "../check.ts";
import type { Expectation } from "../expectation.ts";
import type { Revision } from "../facts/helmRelease.ts";
import { found, type Problem } from "../finding.ts";
import { deployAgain, refreshAndDeploy } from "./remedies.ts";
import { joined, shell, type ShellText } from "../../lib/shell.ts";

const missing: Problem = {
  id: "release-missing",
  severity: "error",
  title: "The Helm release is missing",
  why: "The stack has deployed the release, so it was uninstalled by other means, or this is another cluster.",
  command: refreshAndDeploy,
};

const pending: Problem = {
  id: "release-pending",
  severity: "error",
  title: "The release's last revision is pending",
  why: "An operation on the release is running or was killed, and Helm refuses any other operation. The command of the doctor waits until no operation of this stack can be running, and then deletes the pending revision; an operation started by other means may take longer. `pulumi up` does the same if it has changes to deploy.",
  // The wait depends on the revision.
  command: ({ stack }) => shell`npm run doctor -- -s ${stack}`,
};

const failed: Problem = {
  id: "release-failed",
  severity: "warning",
  title: "The release's last revision has failed",
  why: "The provider runs with the previous revision, not with the stack's settings.",
  command: deployAgain,
};

const elsewhere: Problem = {
  id: "release-changed-elsewhere",
  severity: "warning",
  title: "The release was changed outside of Pulumi",
  why: "The running revision is not the one that the stack deployed. The next `pulumi up` may revert the change.",
  command: ({ stack }) => shell`pulumi refresh -s ${stack} --preview-only`,
};

/** Deletes the Secret of a pending revision. If its operation ends after all, the label no longer matches. */
function deletePending(expected: Expectation, revision: number): ShellText {
  const selector = recordSelector({
    name: expected.releaseName,
    version: revision,
    status: pendingStatuses,
  });
  return kubectl(expected, shell`delete secret -l '${selector}'`);
}

/** Deletes the pending revision once no operation can be running, and restores a release without a deployed revision. */
function clearPending(
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
      deletePending(expected, last.number),
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
      const command = clearPending(last, revisions, expected, now);
      return { found: [found(pending, expected, { expected: "deployed", seen, command })], seen };
    }
    if (last.status !== "deployed") {
      const details = `${seen}${last.description === "" ? "" : `: ${last.description}`}`;
      return { found: [found(failed, expected, { expected: "deployed", seen: details })], seen };
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
