import { podTemplate } from "../../chart/objects.ts";
import { probeRetriesRenewal, retriesRenewal, retryHours } from "../../chart/renewalRetry.ts";
import type { Check } from "../check.ts";
import { found, ifAvailable, type Problem } from "../finding.ts";
import { deployedRevision, objectsOf } from "./deployed.ts";
import { applyAgain, deployAgain, restart } from "./remedies.ts";
import { type ShellText } from "../../lib/shell.ts";

const missing: Problem = {
  id: "renewal-retry-missing",
  severity: "warning",
  title: "A failed renewal is not retried",
  why: "The issuer attempts a renewal once. The repair renewal-retry makes the pod's liveness probe restart the container for a retry; this pod runs without the repair.",
  command: deployAgain,
};

/** Whether the release and the running pod retry a failed renewal. */
export const renewalRetry: Check = {
  id: "renewal-retry",
  group: "Release",
  title: "A failed renewal is retried",
  problems: [missing],
  run: async ({ expected, cluster }) => {
    const { names } = expected;
    const objects = objectsOf(await deployedRevision(cluster));
    const withoutRetry = (seen: string, command: ShellText) => ({
      seen,
      found: [
        found(missing, expected, { expected: "the check in the liveness probe", seen, command }),
      ],
    });
    if (!retriesRenewal(objects, names)) {
      return withoutRetry("a release without the check", deployAgain(expected));
    }
    const seen = `at most every ${retryHours} hours`;
    const runs = (probe: { exec?: { readonly command?: readonly string[] } } | undefined) =>
      probeRetriesRenewal(probe?.exec?.command);
    // A chart that retries by itself needs no repair.
    if (!runs(podTemplate(objects, names)?.spec.containers[0]?.livenessProbe)) {
      return { seen, found: [] };
    }
    const set = objects.find(
      ({ kind, metadata }) => kind === "StatefulSet" && metadata?.name === names.fullname,
    );
    const live = set && (await cluster.live(set));
    if (
      live !== undefined &&
      !runs(podTemplate([live], names)?.spec.containers[0]?.livenessProbe)
    ) {
      return withoutRetry("a StatefulSet without the check", applyAgain(expected));
    }
    const pod = await ifAvailable(cluster.pod());
    return pod === undefined || runs(pod.spec?.containers[0]?.livenessProbe)
      ? { seen, found: [] }
      : withoutRetry("a pod without the check", restart(expected));
  },
};
