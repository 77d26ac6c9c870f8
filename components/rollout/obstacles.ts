import { podSecurityLabel } from "../../chart/release.ts";
import { kubectl, type CommandTarget } from "../../lib/clusterCommand.ts";
import { quantityOf } from "../../lib/quantity.ts";
import { shell, type ShellText } from "../../lib/shell.ts";
import type { Remark } from "./remarks.ts";

/**
 * Whether an obstacle can disappear without a change by the operator:
 *
 * - `certain`: it cannot;
 * - `lasting`: it should have disappeared within a short time;
 * - `passing`: it takes time, such as the pull of an image or the addition of a node.
 */
export type Certainty = "certain" | "lasting" | "passing";

/** A cause that prevents a release's pod from starting. */
export interface Obstacle {
  /** A stable id, for scripts. */
  readonly id: string;
  readonly certainty: Certainty;
  /** A sentence without its full stop. */
  readonly meaning: string;
  /** The command that removes the obstacle, or the first step towards that. */
  readonly command: ShellText;
}

/** The provider for which the commands are. */
export interface ObstacleTarget extends CommandTarget {
  readonly namespace: string;
  readonly names: { readonly pod: string; readonly claim: string };
  readonly stack: string;
}

interface KnownObstacle {
  readonly id: string;
  readonly certainty: Certainty;
  /** Matches the text `object: reason: text` of a remark. */
  readonly pattern: RegExp;
  readonly meaning: (words: readonly string[]) => string;
  readonly command: (target: ObstacleTarget, words: readonly string[]) => ShellText;
}

/** The events outlive a pod that Helm has deleted meanwhile. */
const eventsOfPod = (target: ObstacleTarget) =>
  kubectl(
    target,
    shell`get events --field-selector involvedObject.name=${target.names.pod} --sort-by=.lastTimestamp`,
  );
const describeClaim = (target: ObstacleTarget) =>
  kubectl(target, shell`describe pvc ${target.names.claim}`);
const valuesOf = ({ stack }: ObstacleTarget) => shell`pulumi config get -s ${stack} values`;
const webhooks = (target: ObstacleTarget) =>
  kubectl(
    { ...target, namespace: undefined },
    shell`get validatingwebhookconfigurations,mutatingwebhookconfigurations`,
  );

/** The command after which a namespace admits the provider's pod. */
export function admitPods(target: CommandTarget & { readonly namespace: string }): ShellText {
  const { name, value } = podSecurityLabel;
  return kubectl(
    { ...target, namespace: undefined },
    shell`label namespace ${target.namespace} ${name}=${value} --overwrite`,
  );
}

/** Raises a quota by the missing amounts, from the text of its refusal. */
function raiseQuota(target: ObstacleTarget, words: readonly string[]): ShellText {
  const [quota = "", requested = "", used = ""] = words;
  const inUse = amounts(used);
  const hard = Object.entries(amounts(requested)).map(([resource, amount]) => [
    resource,
    sum(amount, inUse[resource] ?? "0"),
  ]);
  const patch = JSON.stringify({ spec: { hard: Object.fromEntries(hard) as object } });
  return kubectl(target, shell`patch resourcequota ${quota} --type=merge -p ${patch}`);
}

/** Parses `requests.cpu=1,pods=1`, by resource. */
function amounts(list: string): Readonly<Record<string, string>> {
  return Object.fromEntries(
    list.split(",").map((item): [string, string] => {
      const [resource = "", amount = ""] = item.split("=");
      return [resource, amount];
    }),
  );
}

/** The sum of two quantities. */
function sum(one: string, other: string): string {
  const total = (quantityOf(one) ?? 0) + (quantityOf(other) ?? 0);
  return Number.isInteger(total) ? String(total) : `${Math.ceil(total * 1_000)}m`;
}

/**
 * The messages of Kubernetes 1.37: the admission plugins (staging/src/k8s.io/pod-security-admission, plugin/pkg/admission,
 * staging/src/k8s.io/apiserver/pkg/admission/plugin), the StatefulSet's and the volumes' controllers
 * (pkg/controller/statefulset, pkg/controller/volume), the scheduler, and the kubelet (pkg/kubelet/events, images).
 *
 * The first match counts, so the more specific patterns come first.
 */
const known: readonly KnownObstacle[] = [
  {
    id: "pod-security",
    certainty: "certain",
    pattern: /FailedCreate: .*violates PodSecurity "([^":]+)/,
    meaning: ([level]) =>
      `The namespace admits only pods of the PodSecurity level ${level ?? ""}, but the provider's pod has a hostPath volume, which requires the level ${podSecurityLabel.value}`,
    command: admitPods,
  },
  {
    id: "quota",
    certainty: "certain",
    pattern:
      /FailedCreate: .*exceeded quota: ([\w.-]+), requested: (\S+), used: (\S+), limited: (\S+)/,
    meaning: ([quota, requested, used, limited]) =>
      `The ResourceQuota ${quota ?? ""} of the namespace is exceeded: requested ${requested ?? ""}, used ${used ?? ""}, limit ${limited ?? ""}`,
    command: raiseQuota,
  },
  {
    id: "quota-unsaid",
    certainty: "certain",
    pattern: /FailedCreate: .*failed quota: ([\w.-]+): must specify (.*)/,
    meaning: ([quota, what]) =>
      `The ResourceQuota ${quota ?? ""} of the namespace admits only pods that specify ${what ?? ""}`,
    command: (target, [quota = ""]) => kubectl(target, shell`describe resourcequota ${quota}`),
  },
  {
    id: "priority-class",
    certainty: "certain",
    pattern: /FailedCreate: .*no PriorityClass with name (\S+) was found/,
    meaning: ([name]) => `The pod's PriorityClass ${name ?? ""} does not exist`,
    command: (target) => kubectl({ ...target, namespace: undefined }, shell`get priorityclasses`),
  },
  {
    id: "runtime-class",
    certainty: "certain",
    pattern: /FailedCreate: .*RuntimeClass "([^"]+)" not found/,
    meaning: ([name]) =>
      `The pod's RuntimeClass ${name ?? ""} does not exist; the stack sets the class with the setting values`,
    command: (target) => kubectl({ ...target, namespace: undefined }, shell`get runtimeclasses`),
  },
  {
    id: "limit-range",
    certainty: "certain",
    pattern:
      /FailedCreate: .*((?:maximum|minimum) \S+ usage per \w+ is [^,\]]*|\S+ max limit to request ratio per \w+ is [^,\]]*)/,
    meaning: ([limit]) => `A LimitRange of the namespace forbids the pod (${limit ?? ""})`,
    command: (target) => kubectl(target, shell`describe limitrange`),
  },
  {
    id: "webhook-refuses",
    certainty: "certain",
    pattern: /FailedCreate: .*admission webhook "([^"]+)" denied the request(?:: (.*))?/,
    meaning: ([name, reason]) =>
      `The admission webhook ${name ?? ""} refuses the pod (${reason === "" ? "without a reason" : reason})`,
    command: webhooks,
  },
  {
    id: "policy-refuses",
    certainty: "certain",
    pattern: /FailedCreate: .*ValidatingAdmissionPolicy '([^']+)'.* denied request: (.*)/,
    meaning: ([name, reason]) =>
      `The ValidatingAdmissionPolicy ${name ?? ""} refuses the pod (${reason ?? ""})`,
    command: (target, [name = ""]) =>
      kubectl(
        { ...target, namespace: undefined },
        shell`get validatingadmissionpolicy ${name} -o yaml`,
      ),
  },
  {
    id: "webhook-down",
    certainty: "lasting",
    pattern: /FailedCreate: .*failed calling webhook "([^"]+)": (.*)/,
    meaning: ([name, reason]) =>
      `The admission webhook ${name ?? ""}, which is called for each pod, does not respond (${reason ?? ""})`,
    command: webhooks,
  },
  {
    id: "service-account",
    certainty: "lasting",
    pattern:
      /FailedCreate: .*(?:error looking up service account|serviceaccount) \S*?([\w.-]+)[":]/,
    meaning: ([name]) => `The pod's ServiceAccount ${name ?? ""} does not exist`,
    command: (target) => kubectl(target, shell`get serviceaccounts`),
  },
  {
    id: "namespace-ends",
    certainty: "certain",
    pattern: /FailedCreate: .*because it is being terminated/,
    meaning: () => "The namespace is being deleted",
    command: (target) =>
      kubectl(
        { ...target, namespace: undefined },
        shell`get namespace ${target.namespace} -o yaml`,
      ),
  },
  {
    id: "pod-invalid",
    certainty: "certain",
    pattern: /FailedCreate: .*(?:error: |failed: )Pod "[^"]+" is invalid: (.*)/,
    meaning: ([words]) =>
      `The pod is invalid (${words ?? ""}); its fields come from the chart, the setting values, and what the cluster adds, such as a LimitRange's defaults`,
    command: valuesOf,
  },
  {
    id: "pod-refused",
    certainty: "lasting",
    pattern: /FailedCreate: .*(?:error: |failed: )(.*)/,
    meaning: ([words]) => `The cluster refuses to create the pod (${words ?? ""})`,
    command: (target) => kubectl(target, shell`get events --sort-by=.lastTimestamp`),
  },
  {
    id: "storage-class",
    certainty: "certain",
    pattern: /ProvisioningFailed: .*storageclass\.storage\.k8s\.io "([^"]+)" not found/,
    meaning: ([name]) =>
      `The storage class ${name ?? ""} of the home volume's claim does not exist; the stack sets the class with storageClass or the persistent storage in its attributes`,
    command: (target) => kubectl({ ...target, namespace: undefined }, shell`get storageclasses`),
  },
  {
    id: "storage-class-none",
    certainty: "lasting",
    pattern: /FailedBinding: .*no storage class is set/,
    meaning: () =>
      "The claim of the home volume names no storage class, and the cluster has no default one",
    command: (target) => kubectl({ ...target, namespace: undefined }, shell`get storageclasses`),
  },
  {
    id: "volume-lost",
    certainty: "lasting",
    pattern: /^PersistentVolumeClaim\/\S+: (?:ClaimLost|ClaimMisbound): (.*)/,
    meaning: ([words]) => `The claim of the home volume has lost its volume (${words ?? ""})`,
    command: describeClaim,
  },
  {
    id: "volume",
    certainty: "passing",
    pattern:
      /^PersistentVolumeClaim\/\S+: (?:ProvisioningFailed|ExternalProvisioning|FailedBinding|VolumeMismatch|WaitForFirstConsumer)/,
    meaning: () => "The claim of the home volume has no volume yet",
    command: describeClaim,
  },
  {
    id: "volume-mount",
    certainty: "passing",
    pattern: /: (?:FailedMount|FailedAttachVolume|FailedMapVolume): (.*)/,
    meaning: ([words]) => `A volume of the pod cannot be mounted (${words ?? ""})`,
    command: eventsOfPod,
  },
  {
    id: "scheduling",
    certainty: "passing",
    // A pod without a volume gets no node, which is reported already.
    pattern: /: FailedScheduling: (?!.*unbound immediate PersistentVolumeClaims)(.*)/,
    meaning: ([words]) => `The pod cannot be scheduled (${words ?? ""})`,
    command: eventsOfPod,
  },
  {
    id: "node-refuses",
    certainty: "passing",
    pattern:
      /: ((?:Evicted|OutOf\w+|NodeAffinity|NodeName|NodeUnschedulable|UnexpectedAdmissionError|TaintToleration): .*)/,
    meaning: ([words]) => `The node rejects or evicts the pod (${words ?? ""})`,
    command: eventsOfPod,
  },
  {
    id: "image-name",
    certainty: "certain",
    pattern: /: (?:InvalidImageName|InspectFailed): (.*)/,
    meaning: ([words]) => `The image's name is invalid (${words ?? ""})`,
    command: valuesOf,
  },
  {
    id: "container-configuration",
    certainty: "lasting",
    pattern:
      /: (?:CreateContainerConfigError: (.*)|Failed: Error: ((?:secret|configmap) .*not found.*|couldn't find key .*|container has runAsNonRoot.*))/,
    meaning: ([one, other]) => `The container cannot be created (${[one, other].join("")})`,
    command: eventsOfPod,
  },
  {
    id: "image",
    certainty: "passing",
    // A runtime's message, such as "manifest unknown", may not name the image.
    pattern:
      /: (?:(?:ErrImagePull|ImagePullBackOff|ErrImageNeverPull|ImageInspectError|RegistryUnavailable|SignatureValidationFailed): (.*)|(?:Failed|BackOff): (?!Error: )(.*\bimage\b.*))/i,
    meaning: ([one, other]) => `The image cannot be pulled (${[one, other].join("")})`,
    command: eventsOfPod,
  },
  {
    id: "container-start",
    certainty: "passing",
    pattern:
      /: (?:CreateContainerError|RunContainerError|PreStartHookError|PostStartHookError|FailedCreatePodSandBox|FailedPostStartHook|FailedPreStopHook|NetworkNotReady): (.*)/,
    meaning: ([words]) => `The container cannot be started (${words ?? ""})`,
    command: eventsOfPod,
  },
  {
    id: "crash",
    certainty: "passing",
    pattern:
      /, container (\S+): (?:CrashLoopBackOff|Error|OOMKilled|ContainerCannotRun|StartError)|: BackOff: Back-off restarting failed container (\S+)/,
    meaning: ([one, other]) => `The container ${[one, other].join("")} keeps crashing`,
    command: eventsOfPod,
  },
];

/** The obstacle that a remark describes; undefined for an unknown remark. */
export function obstacleOf(remark: Remark, target: ObstacleTarget): Obstacle | undefined {
  const text = `${remark.subject}: ${remark.reason}: ${remark.text}`;
  for (const { id, certainty, pattern, meaning, command } of known) {
    const match = pattern.exec(text) as readonly (string | undefined)[] | null;
    if (match !== null) {
      const words = match.slice(1).map((word) => word ?? "");
      const shown = words.map((word) => word.slice(0, shownWords).trim());
      return { id, certainty, meaning: meaning(shown), command: command(target, words) };
    }
  }
  return undefined;
}

/** How many characters of each text of the cluster are shown. */
const shownWords = 240;

/** The obstacles that remarks describe, each once, the newest last. */
export function obstaclesOf(
  remarks: readonly Remark[],
  target: ObstacleTarget,
): readonly Obstacle[] {
  const found = remarks.flatMap((remark) => obstacleOf(remark, target) ?? []);
  return [...new Map(found.map((obstacle) => [obstacle.id, obstacle])).values()];
}
