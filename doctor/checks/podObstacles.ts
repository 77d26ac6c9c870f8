import type { V1Pod } from "@kubernetes/client-node";
import { obstacleOf } from "../../components/rollout/obstacles.ts";
import {
  remarkText,
  schedulingRemark,
  withoutRepetitions,
  type Remark,
} from "../../components/rollout/remarks.ts";
import { kubectl } from "../../lib/clusterCommand.ts";
import { shell } from "../../lib/shell.ts";
import type { Check } from "../check.ts";
import type { Expectation } from "../expectation.ts";
import { found, type Problem } from "../finding.ts";

const obstacle: Problem = {
  id: "pod-obstacle",
  severity: "error",
  title: "The provider's pod cannot start",
  why: "The cluster reports the cause in an event of the StatefulSet, the home volume's claim or the pod, and keeps events for an hour. After you fix the cause, `pulumi up` deploys again.",
  command: (expected) => kubectl(expected, shell`get events --sort-by=.lastTimestamp`),
};

/** Obstacles of a pod that is not ready. */
export const podObstacles: Check = {
  id: "pod-obstacles",
  group: "Release",
  title: "Nothing prevents the provider's pod from starting",
  problems: [obstacle],
  run: async ({ expected, cluster }) => {
    const pod = await cluster.pod();
    const ready = pod?.status?.conditions?.find(({ type }) => type === "Ready");
    if (ready?.status === "True") {
      return { found: [], seen: "the pod is ready" };
    }
    const scheduling = pod && schedulingRemark(pod, Date.now());
    const remarks = withoutRepetitions([
      ...(await cluster.remarks()),
      ...(scheduling === undefined ? [] : [scheduling]),
    ]).filter((remark) => concerns(remark, pod, expected));
    const obstacles = remarks.flatMap((remark) => {
      const known = obstacleOf(remark, expected);
      return known === undefined ? [] : [{ ...known, remark }];
    });
    const latest = new Map(obstacles.map((each) => [each.id, each]));
    return {
      found: [...latest.values()].map(({ id, meaning, command, remark }) =>
        found(obstacle, expected, {
          subject: id,
          expected: "no such event",
          seen: `${meaning}. ${remarkText(remark)}`,
          command,
        }),
      ),
      seen: `${remarks.length} events, none with a known cause`,
    };
  },
};

/** Whether a remark concerns a present object: events remain after their object or their cause is gone. */
function concerns(
  { subject, uid }: Remark,
  pod: V1Pod | undefined,
  { isUnfinished = false }: Expectation,
): boolean {
  if (isUnfinished) {
    // Helm has deleted the objects of the remarks.
    return true;
  }
  if (pod === undefined) {
    return subject.startsWith("StatefulSet/");
  }
  if (subject.startsWith("PersistentVolumeClaim/")) {
    return pod.spec?.nodeName === undefined;
  }
  return subject.startsWith("Pod/") && uid === pod.metadata?.uid;
}
