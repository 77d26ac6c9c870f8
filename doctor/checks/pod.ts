import type { V1ContainerStateTerminated, V1Pod } from "@kubernetes/client-node";
import { podTemplate } from "../../chart/objects.ts";
import { checksumPrefix } from "../../chart/release.ts";
import { kubectl } from "../../lib/clusterCommand.ts";
import type { Check } from "../check.ts";
import type { Expectation } from "../expectation.ts";
import { providerContainer } from "../facts/providerContainer.ts";
import { found, ifAvailable, type Finding, type Problem } from "../finding.ts";
import { deployedRevision, objectsOf } from "./deployed.ts";
import { restart } from "./remedies.ts";
import { shell } from "../../lib/shell.ts";

const missing: Problem = {
  id: "pod-missing",
  severity: "error",
  title: "The provider's pod is missing",
  why: "Nothing serves the provider's API, and nothing renews its certificate.",
  command: (expected) => kubectl(expected, shell`describe statefulset ${expected.names.fullname}`),
};

const notReady: Problem = {
  id: "pod-not-ready",
  severity: "error",
  title: "The provider's pod is not ready",
  why: "The provider's API is unavailable. The StatefulSet does not replace a crashing pod: after you fix a setting, delete the pod once.",
  command: (expected) => kubectl(expected, shell`describe pod ${expected.names.pod}`),
};

const restarted: Problem = {
  id: "pod-restarted",
  severity: "warning",
  title: "The provider's container was restarted",
  why: "Each restart makes the API unavailable for minutes. At each start the issuer attempts a missing certificate five times, and Let's Encrypt allows five failures an hour. If the liveness probe restarted the container to retry a renewal, the pod's events show this.",
  command: (expected) => kubectl(expected, shell`logs ${expected.names.pod} --previous`),
};

const outdated: Problem = {
  id: "pod-outdated",
  severity: "warning",
  title: "The pod uses older settings than the deployed ones",
  why: "The provider reads its settings and the credential once, at its start.",
  command: restart,
};

/** How long a restart causes a warning, in milliseconds. */
const recent = 24 * 60 * 60 * 1_000;

/** Whether the provider's pod exists, is ready and uses the present settings. */
export const pod: Check = {
  id: "pod",
  group: "Release",
  title: "The provider's pod is ready",
  problems: [missing, notReady, restarted, outdated],
  run: async ({ expected, cluster, now }) => {
    const live = await cluster.pod();
    if (live === undefined) {
      const seen = `no pod ${expected.names.pod} in ${expected.namespace}`;
      return { found: [found(missing, expected, { expected: "a pod", seen })], seen };
    }
    const count = providerContainer(live)?.restartCount ?? 0;
    const revision = await ifAvailable(deployedRevision(cluster));
    const template = revision && podTemplate(objectsOf(revision), expected.names);
    return {
      seen: `${expected.names.pod} ready, ${count} restarts`,
      found: [
        ...readiness(live, expected),
        ...restarts(live, expected, now),
        ...olderSettings(live, template?.metadata?.annotations ?? {}, expected),
      ],
    };
  },
};

function readiness({ status }: V1Pod, expected: Expectation): Finding[] {
  const condition = status?.conditions?.find(({ type }) => type === "Ready");
  if (condition?.status === "True") {
    return [];
  }
  const waiting = [...(status?.initContainerStatuses ?? []), ...(status?.containerStatuses ?? [])]
    .map(({ state }) => state?.waiting)
    .find((state) => state !== undefined);
  const scheduled = status?.conditions?.find(({ type }) => type === "PodScheduled");
  const parts = [
    status?.phase,
    waiting?.reason,
    waiting?.message ?? (scheduled?.status === "False" ? scheduled.message : condition?.message),
  ].filter((part) => part !== undefined);
  return [found(notReady, expected, { expected: "Ready", seen: parts.join(": ") })];
}

function restarts(pod: V1Pod, expected: Expectation, now: Date): Finding[] {
  const container = providerContainer(pod);
  const last = container?.lastState?.terminated;
  const ended = last?.finishedAt === undefined ? 0 : new Date(last.finishedAt).getTime();
  if (container === undefined || container.restartCount === 0 || now.getTime() - ended > recent) {
    return [];
  }
  const seen = `${container.restartCount} restarts; last termination: ${termination(last)}`;
  return [found(restarted, expected, { expected: "no restart within a day", seen })];
}

function termination(last: V1ContainerStateTerminated | undefined): string {
  const { exitCode, reason = "terminated", finishedAt, message } = last ?? {};
  const when = finishedAt === undefined ? "" : ` at ${new Date(finishedAt).toISOString()}`;
  return `${reason} (exit code ${exitCode ?? "unknown"})${when}${message === undefined ? "" : `: ${message.trim()}`}`;
}

/** Compares the checksums that the repairs add to the pod (chart/repairs.ts). */
function olderSettings(
  { metadata }: V1Pod,
  deployed: Readonly<Record<string, string>>,
  expected: Expectation,
): Finding[] {
  const differing = Object.keys(deployed).filter(
    (name) => name.startsWith(checksumPrefix) && metadata?.annotations?.[name] !== deployed[name],
  );
  const [first] = differing;
  return first === undefined
    ? []
    : [
        found(outdated, expected, {
          expected: `${first} ${deployed[first] ?? ""}`,
          seen: `${differing.join(", ")} with other content`,
        }),
      ];
}
