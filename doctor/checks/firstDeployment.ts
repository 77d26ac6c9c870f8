import { obstaclesOf } from "../../components/rollout/obstacles.ts";
import { withoutRepetitions } from "../../components/rollout/remarks.ts";
import { kubectl } from "../../lib/clusterCommand.ts";
import { joined, shell, type ShellText } from "../../lib/shell.ts";
import type { Check } from "../check.ts";
import type { Expectation } from "../expectation.ts";
import { found, type Problem } from "../finding.ts";
import { releaseStatus } from "./releaseStatus.ts";

const failed: Problem = {
  id: "release-not-deployed",
  severity: "error",
  title: "The stack's first deployment has failed",
  why: "Helm uninstalls a first installation that does not become ready. The namespace, the Secrets and the pod's events remain.",
  command: (expected) => kubectl(expected, shell`get events --sort-by=.lastTimestamp`),
};

/** Whether a failed first deployment has left a release. */
export const firstDeployment: Check = {
  id: "first-deployment",
  group: "Release",
  title: "The first deployment has left a release",
  problems: [failed],
  run: async (context) => {
    const { expected, cluster } = context;
    if ((await cluster.revisions()).length > 0) {
      return releaseStatus.run(context);
    }
    const { namespace, releaseName, names } = expected;
    const pod = (await cluster.pod()) === undefined ? "no pod" : "the pod";
    const remarks = withoutRepetitions(await cluster.remarks());
    const seen = `no release ${releaseName}, ${pod} ${names.pod} and ${remarks.length} of its events in namespace ${namespace}`;
    const [last] = obstaclesOf(remarks, expected).slice(-1);
    const command = last && joined([last.command, deploy(expected)], " && ");
    return {
      found: [
        found(failed, expected, {
          expected: "deployed",
          seen,
          ...(command !== undefined && { command }),
        }),
      ],
      seen,
    };
  },
};

function deploy({ stack }: Expectation): ShellText {
  return shell`pulumi up -s ${stack}`;
}
