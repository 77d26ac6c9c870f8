import { podTemplate } from "../../chart/objects.ts";
import { probeRetriesRenewal, retriesRenewal, retryHours } from "../../chart/renewalRetry.ts";
import type { Check } from "../check.ts";
import { found, ifSeen, type Problem } from "../finding.ts";
import { deployedRevision, objectsOf } from "./deployed.ts";
import { applyAgain, deployAgain, restart } from "./mend.ts";
import { type ShellText } from "../../lib/shell.ts";

const missing: Problem = {
  id: "renewal-retry-missing",
  severity: "warning",
  title: "Nobody tries again when a renewal fails",
  why: "The issuer tries a renewal once. The repair renewal-retry lets the pod's liveness probe restart the container, which tries again; this pod runs without it.",
  command: deployAgain,
};

/** Whether what is deployed, and what runs, has a failed renewal tried again. */
export const renewalRetry: Check = {
  id: "renewal-retry",
  group: "Release",
  title: "A failed renewal is tried again",
  problems: [missing],
  run: async ({ expected, cluster }) => {
    const { names } = expected;
    const objects = objectsOf(await deployedRevision(cluster));
    const sighting = (seen: string, command: ShellText) => ({
      seen,
      found: [
        found(missing, expected, { expected: "the check in the liveness probe", seen, command }),
      ],
    });
    if (!retriesRenewal(objects, names)) {
      return sighting("a release without it", deployAgain(expected));
    }
    const seen = `at most every ${retryHours} hours`;
    const runs = (probe: { exec?: { readonly command?: readonly string[] } } | undefined) =>
      probeRetriesRenewal(probe?.exec?.command);
    // A chart that does so itself is as good, in whatever way.
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
      return sighting("a StatefulSet without it", applyAgain(expected));
    }
    const pod = await ifSeen(cluster.pod());
    return pod === undefined || runs(pod.spec?.containers[0]?.livenessProbe)
      ? { seen, found: [] }
      : sighting("a pod without it", restart(expected));
  },
};
