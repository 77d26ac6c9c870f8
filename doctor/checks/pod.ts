import type { V1ContainerStateTerminated, V1Pod } from "@kubernetes/client-node";
import { podTemplate } from "../../chart/objects.ts";
import { checksumPrefix } from "../../chart/release.ts";
import { kubectl } from "../../lib/clusterCommand.ts";
import type { Check } from "../check.ts";
import type { Expectation } from "../expectation.ts";
import { providerContainer } from "../facts/providerContainer.ts";
import { found, ifSeen, type Finding, type Problem } from "../finding.ts";
import { deployedRevision, objectsOf } from "./deployed.ts";
import { restart } from "./mend.ts";
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
  why: "The provider's API is away. A crashing pod also keeps the StatefulSet from replacing it, so after a mended setting it has to be deleted once.",
  command: (expected) => kubectl(expected, shell`describe pod ${expected.names.pod}`),
};

const restarted: Problem = {
  id: "pod-restarted",
  severity: "warning",
  title: "The provider's container was restarted",
  why: "Each restart takes the API away for minutes; the issuer tries a missing certificate five times at each, and five failures an hour are Let's Encrypt's limit. Where the liveness check did it to try a renewal again, the pod's events say so.",
  command: (expected) => kubectl(expected, shell`logs ${expected.names.pod} --previous`),
};

const outdated: Problem = {
  id: "pod-outdated",
  severity: "warning",
  title: "The pod runs with older settings than those deployed",
  why: "The provider reads settings and credential once, when it starts.",
  command: restart,
};

/** How long a restart stays worth a warning, in milliseconds. */
const recent = 24 * 60 * 60 * 1_000;

/** The provider's pod: there, ready, and of the present settings. */
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
    const revision = await ifSeen(deployedRevision(cluster));
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
  const words = [
    status?.phase,
    waiting?.reason,
    waiting?.message ?? (scheduled?.status === "False" ? scheduled.message : condition?.message),
  ].filter((word) => word !== undefined);
  return [found(notReady, expected, { expected: "Ready", seen: words.join(": ") })];
}

function restarts(pod: V1Pod, expected: Expectation, now: Date): Finding[] {
  const container = providerContainer(pod);
  const last = container?.lastState?.terminated;
  const ended = last?.finishedAt === undefined ? 0 : new Date(last.finishedAt).getTime();
  if (container === undefined || container.restartCount === 0 || now.getTime() - ended > recent) {
    return [];
  }
  const seen = `${container.restartCount} restarts; the last time ${termination(last)}`;
  return [found(restarted, expected, { expected: "no restart within a day", seen })];
}

function termination(last: V1ContainerStateTerminated | undefined): string {
  const { exitCode, reason = "ended", finishedAt, message } = last ?? {};
  const when = finishedAt === undefined ? "" : ` at ${new Date(finishedAt).toISOString()}`;
  return `${reason} (exit code ${exitCode ?? "unknown"})${when}${message === undefined ? "" : `: ${message.trim()}`}`;
}

/** By the checksums that the repairs put on the pod (chart/repairs.ts). */
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
          seen: `${differing.join(", ")} of another content`,
        }),
      ];
}
