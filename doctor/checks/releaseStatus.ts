import type { Check } from "../check.ts";
import { found, type Problem } from "../finding.ts";
import { deploy, refreshAndDeploy } from "./mend.ts";

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
  why: "An operation on it is running, or was killed. Helm refuses every other one meanwhile; `pulumi up` waits until it cannot be running any more, and then makes way.",
  command: deploy,
};

const failed: Problem = {
  id: "release-failed",
  severity: "warning",
  title: "The release's last revision has failed",
  why: "The provider runs with what the revision before had, and not with the stack's settings.",
  command: deploy,
};

const elsewhere: Problem = {
  id: "release-changed-elsewhere",
  severity: "warning",
  title: "The release was changed by other means than Pulumi",
  why: "What runs is not what the stack has deployed, and the next `pulumi up` may undo the change.",
  command: ({ stack }) => `pulumi refresh -s ${stack} --preview-only`,
};

/** After this nobody is at work on a pending revision any more, in milliseconds: an hour. */
const longestOperation = 60 * 60 * 1_000;

/** The state of the Helm release. */
export const releaseStatus: Check = {
  id: "release",
  group: "Release",
  title: "The Helm release is deployed",
  problems: [missing, pending, failed, elsewhere],
  run: async ({ expected, cluster, now }) => {
    const last = (await cluster.revisions()).at(-1);
    if (last === undefined) {
      const seen = `no release ${expected.releaseName} in namespace ${expected.namespace}`;
      return { found: [found(missing, expected, { expected: "deployed", seen })], seen };
    }
    const seen = `revision ${last.number}, ${last.status}`;
    if (last.status.startsWith("pending-")) {
      const mark = `sh.helm.release.v1.${expected.releaseName}.v${last.number}`;
      const abandoned = now.getTime() - last.deployedAt.getTime() > longestOperation;
      const command = `kubectl -n ${expected.namespace} delete secret ${mark}`;
      const sighting = { expected: "deployed", seen, ...(abandoned && { command }) };
      return { found: [found(pending, expected, sighting)], seen };
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
