import { podSecurityLabel } from "../../chart/release.ts";
import { kubectl, type CommandTarget } from "../../lib/clusterCommand.ts";
import { quantityOf } from "../../lib/quantity.ts";
import { shell, type ShellText } from "../../lib/shell.ts";
import type { Remark } from "./remarks.ts";

/**
 * Whether a pod may still come without anybody's doing:
 *
 * - `certain`: it does not, until somebody changes what is in its way;
 * - `lasting`: what is in its way should have gone by itself soon;
 * - `passing`: it takes its time, as an image that is pulled, or a node that is added.
 */
export type Certainty = "certain" | "lasting" | "passing";

/** What is in the way of a release's pod. */
export interface Obstacle {
  /** Stable: scripts go by it. */
  readonly id: string;
  readonly certainty: Certainty;
  /** In a sentence, without its end. */
  readonly meaning: string;
  /** The command that takes it out of the way, or the first step towards it. */
  readonly command: ShellText;
}

/** Which provider the commands are for. */
export interface ObstacleTarget extends CommandTarget {
  readonly namespace: string;
  readonly names: { readonly pod: string; readonly claim: string };
  readonly stack: string;
}

interface KnownObstacle {
  readonly id: string;
  readonly certainty: Certainty;
  /** What the object and the remark's reason and text begin with or have in them. */
  readonly pattern: RegExp;
  readonly meaning: (words: readonly string[]) => string;
  readonly command: (target: ObstacleTarget, words: readonly string[]) => ShellText;
}

/** Of a pod that Helm may have taken away again meanwhile. */
const eventsOfPod = (target: ObstacleTarget) =>
  kubectl(
    target,
    shell`get events --field-selector involvedObject.name=${target.names.pod} --sort-by=.lastTimestamp`,
  );
const describeClaim = (target: ObstacleTarget) =>
  kubectl(target, shell`describe pvc ${target.names.claim}`);
const webhooks = (target: ObstacleTarget) =>
  kubectl(
    { ...target, namespace: undefined },
    shell`get validatingwebhookconfigurations,mutatingwebhookconfigurations`,
  );

/** The command that lets the provider's pod into a namespace. */
export function admitPods(target: CommandTarget & { readonly namespace: string }): ShellText {
  const { name, value } = podSecurityLabel;
  return kubectl(
    { ...target, namespace: undefined },
    shell`label namespace ${target.namespace} ${name}=${value} --overwrite`,
  );
}

/** Gives a quota the room that is missing, by the words of its refusal. */
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

/** `requests.cpu=1,pods=1` by the resource. */
function amounts(list: string): Readonly<Record<string, string>> {
  return Object.fromEntries(
    list.split(",").map((item): [string, string] => {
      const [resource = "", amount = ""] = item.split("=");
      return [resource, amount];
    }),
  );
}

/** Of two quantities, as one. */
function sum(one: string, other: string): string {
  const total = (quantityOf(one) ?? 0) + (quantityOf(other) ?? 0);
  return Number.isInteger(total) ? String(total) : `${Math.ceil(total * 1_000)}m`;
}

/**
 * In the words of Kubernetes 1.37: the admission plugins (staging/src/k8s.io/pod-security-admission, plugin/pkg/admission,
 * staging/src/k8s.io/apiserver/pkg/admission/plugin), the StatefulSet's and the volumes' controllers
 * (pkg/controller/statefulset, pkg/controller/volume), the scheduler, and the kubelet (pkg/kubelet/events, images).
 *
 * The first that matches counts, so that what is more exact comes first.
 */
const known: readonly KnownObstacle[] = [
  {
    id: "pod-security",
    certainty: "certain",
    pattern: /FailedCreate: .*violates PodSecurity "([^":]+)/,
    meaning: ([level]) =>
      `The namespace admits pods of the PodSecurity level ${level ?? ""} only, and the provider's pod has a hostPath volume, which needs the level ${podSecurityLabel.value}`,
    command: admitPods,
  },
  {
    id: "quota",
    certainty: "certain",
    pattern:
      /FailedCreate: .*exceeded quota: ([\w.-]+), requested: (\S+), used: (\S+), limited: (\S+)/,
    meaning: ([quota, requested, used, limited]) =>
      `The ResourceQuota ${quota ?? ""} of the namespace leaves no room: ${requested ?? ""} is asked for, and ${used ?? ""} of ${limited ?? ""} is used`,
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
    meaning: ([name]) => `There is no PriorityClass ${name ?? ""}, which the pod names`,
    command: (target) => kubectl({ ...target, namespace: undefined }, shell`get priorityclasses`),
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
      `The admission webhook ${name ?? ""}, which is asked about each pod, does not answer (${reason ?? ""})`,
    command: webhooks,
  },
  {
    id: "service-account",
    certainty: "lasting",
    pattern:
      /FailedCreate: .*(?:error looking up service account|serviceaccount) \S*?([\w.-]+)[":]/,
    meaning: ([name]) => `The pod's ServiceAccount ${name ?? ""} is not there`,
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
    id: "pod-refused",
    certainty: "lasting",
    pattern: /FailedCreate: .*(?:error: |failed: )(.*)/,
    meaning: ([words]) => `The cluster refuses to make the pod (${words ?? ""})`,
    command: (target) => kubectl(target, shell`get events --sort-by=.lastTimestamp`),
  },
  {
    id: "storage-class",
    certainty: "certain",
    pattern: /ProvisioningFailed: .*storageclass\.storage\.k8s\.io "([^"]+)" not found/,
    meaning: ([name]) =>
      `There is no storage class ${name ?? ""}, which the claim of the home volume names after the stack's storageClass or the persistent storage in its attributes`,
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
    // Without a volume there is no node, which says nothing new.
    pattern: /: FailedScheduling: (?!.*unbound immediate PersistentVolumeClaims)(.*)/,
    meaning: ([words]) => `No node takes the pod (${words ?? ""})`,
    command: eventsOfPod,
  },
  {
    id: "node-refuses",
    certainty: "passing",
    pattern:
      /: ((?:Evicted|OutOf\w+|NodeAffinity|NodeName|NodeUnschedulable|UnexpectedAdmissionError|TaintToleration): .*)/,
    meaning: ([words]) => `The node does not keep the pod (${words ?? ""})`,
    command: eventsOfPod,
  },
  {
    id: "image-name",
    certainty: "certain",
    pattern: /: (?:InvalidImageName|InspectFailed): (.*)/,
    meaning: ([words]) => `The image's name is none (${words ?? ""})`,
    command: ({ stack }) => shell`pulumi config get -s ${stack} values`,
  },
  {
    id: "container-configuration",
    certainty: "lasting",
    pattern:
      /: (?:CreateContainerConfigError: (.*)|Failed: Error: ((?:secret|configmap) .*not found.*|couldn't find key .*|container has runAsNonRoot.*))/,
    meaning: ([one, other]) => `The container cannot be made (${[one, other].join("")})`,
    command: eventsOfPod,
  },
  {
    id: "image",
    certainty: "passing",
    // A runtime's own words, such as "manifest unknown", need not name the image.
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
    meaning: ([one, other]) => `The container ${[one, other].join("")} ends again and again`,
    command: eventsOfPod,
  },
];

/** What a remark says is in the pod's way; undefined where it is nothing that is known. */
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

/** How many characters of the cluster's own words are in a sentence. */
const shownWords = 240;

/** The obstacles that remarks tell of, each once, the newest last. */
export function obstaclesOf(
  remarks: readonly Remark[],
  target: ObstacleTarget,
): readonly Obstacle[] {
  const found = remarks.flatMap((remark) => obstacleOf(remark, target) ?? []);
  return [...new Map(found.map((obstacle) => [obstacle.id, obstacle])).values()];
}
