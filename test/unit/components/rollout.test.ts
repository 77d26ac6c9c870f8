import assert from "node:assert/strict";
import type { CoreV1Event, V1Pod, V1StatefulSet } from "@kubernetes/client-node";
import { getStack } from "@pulumi/pulumi";
import { releaseNames } from "../../../chart/release.ts";
import { systemClock } from "../../../components/clock.ts";
import { removeLeftoverClaim } from "../../../components/rollout/leftoverClaim.ts";
import { obstacleOf, type ObstacleTarget } from "../../../components/rollout/obstacles.ts";
import { refuseUnlessAdmitted } from "../../../components/rollout/podSecurity.ts";
import type { Remark } from "../../../components/rollout/remarks.ts";
import { RolloutWatch } from "../../../components/rollout/watch.ts";
import { ClusterRefusal } from "../../../lib/kubernetesApi.ts";

const names = releaseNames("akash-provider");
const target: ObstacleTarget & { readonly names: typeof names } = {
  namespace: "akash-services",
  names,
  stack: "prod",
};
const subjects = {
  set: "StatefulSet/akash-provider",
  claim: "PersistentVolumeClaim/home-akash-provider-0",
  pod: "Pod/akash-provider-0",
  init: "Pod/akash-provider-0, container init",
};
/** Prefix of the StatefulSet controller's messages (kubernetes, pkg/controller/statefulset/stateful_pod_control.go). */
const refused = "create Pod akash-provider-0 in StatefulSet akash-provider failed error: ";
const hostPath =
  'pods "akash-provider-0" is forbidden: violates PodSecurity "baseline:latest": hostPath volumes (volume "provider-config-volume")';

function remark(subject: string, reason: string, text: string): Remark {
  return { subject, uid: "1", reason, text, count: 1, time: 0, version: "1@1" };
}

describe("what prevents a pod from starting", () => {
  /** Kubernetes' messages, and their obstacles. */
  const lines: readonly (readonly [
    subject: string,
    reason: string,
    text: string,
    id: string | undefined,
    certainty?: string,
  ])[] = [
    [subjects.set, "FailedCreate", refused + hostPath, "pod-security", "certain"],
    [
      subjects.set,
      "FailedCreate",
      `${refused}pods "akash-provider-0" is forbidden: exceeded quota: small, requested: limits.cpu=2,requests.cpu=1, used: limits.cpu=500m,requests.cpu=0, limited: limits.cpu=1,requests.cpu=500m`,
      "quota",
      "certain",
    ],
    [
      subjects.set,
      "FailedCreate",
      'create Claim home-akash-provider-0 for Pod akash-provider-0 in StatefulSet akash-provider failed error: persistentvolumeclaims "home-akash-provider-0" is forbidden: exceeded quota: disk, requested: requests.storage=10Gi, used: requests.storage=0, limited: requests.storage=1Gi',
      "quota",
      "certain",
    ],
    [
      subjects.set,
      "FailedCreate",
      `${refused}pods "akash-provider-0" is forbidden: failed quota: small: must specify limits.cpu for: init,provider`,
      "quota-unsaid",
      "certain",
    ],
    [
      subjects.set,
      "FailedCreate",
      `${refused}pods "akash-provider-0" is forbidden: no PriorityClass with name high was found`,
      "priority-class",
      "certain",
    ],
    [
      subjects.set,
      "FailedCreate",
      `${refused}pods "akash-provider-0" is forbidden: [maximum cpu usage per Container is 500m, but limit is 2, maximum cpu usage per Container is 500m, but limit is 2]`,
      "limit-range",
      "certain",
    ],
    [
      subjects.set,
      "FailedCreate",
      `${refused}admission webhook "pods.example.test" denied the request: no pod of this name`,
      "webhook-refuses",
      "certain",
    ],
    [
      subjects.set,
      "FailedCreate",
      `${refused}admission webhook "pods.example.test" denied the request without explanation`,
      "webhook-refuses",
      "certain",
    ],
    [
      subjects.set,
      "FailedCreate",
      `${refused}pods "akash-provider-0" is forbidden: ValidatingAdmissionPolicy 'no-host' with binding 'all' denied request: hostPath is not allowed`,
      "policy-refuses",
      "certain",
    ],
    [
      subjects.set,
      "FailedCreate",
      `${refused}Internal error occurred: failed calling webhook "pods.example.test": failed to call webhook: Post "https://127.0.0.1:1/?timeout=10s": dial tcp 127.0.0.1:1: connect: connection refused`,
      "webhook-down",
      "lasting",
    ],
    [
      subjects.set,
      "FailedCreate",
      `${refused}pods "akash-provider-0" is forbidden: error looking up service account akash-services/akash-provider: serviceaccount "akash-provider" not found`,
      "service-account",
      "lasting",
    ],
    [
      subjects.set,
      "FailedCreate",
      `${refused}pods "akash-provider-0" is forbidden: unable to create new content in namespace akash-services because it is being terminated`,
      "namespace-ends",
      "certain",
    ],
    [
      subjects.set,
      "FailedCreate",
      `${refused}Pod "akash-provider-0" is invalid: spec.containers[0].resources.requests: Invalid value: "2": must be less than or equal to cpu limit of 1`,
      "pod-invalid",
      "certain",
    ],
    [
      subjects.set,
      "FailedCreate",
      `${refused}pods "akash-provider-0" is forbidden: pod rejected: RuntimeClass "gvisor" not found`,
      "runtime-class",
      "certain",
    ],
    [
      subjects.set,
      "FailedCreate",
      `${refused}pods "akash-provider-0" is forbidden: pod rejected: Pod's Overhead doesn't match RuntimeClass's defined Overhead`,
      "pod-refused",
      "lasting",
    ],
    [
      subjects.claim,
      "ProvisioningFailed",
      'storageclass.storage.k8s.io "beta2" not found',
      "storage-class",
      "certain",
    ],
    [
      subjects.claim,
      "FailedBinding",
      "no persistent volumes available for this claim and no storage class is set",
      "storage-class-none",
      "lasting",
    ],
    [
      subjects.claim,
      "ExternalProvisioning",
      "Waiting for a volume to be created either by the external provisioner 'rook-ceph.rbd.csi.ceph.com' or manually by the system administrator. If volume creation is delayed, please verify that the provisioner is running and correctly registered.",
      "volume",
      "passing",
    ],
    [
      subjects.claim,
      "ClaimLost",
      "Bound claim has lost its PersistentVolume. Data on the volume is lost!",
      "volume-lost",
      "lasting",
    ],
    [
      subjects.pod,
      "Evicted",
      "The node was low on resource: ephemeral-storage. Threshold quantity: 10Gi, available: 5Gi. ",
      "node-refuses",
      "passing",
    ],
    [
      subjects.pod,
      "OutOfcpu",
      "Node didn't have enough resource: cpu, requested: 1000, used: 7900, capacity: 8000",
      "node-refuses",
      "passing",
    ],
    [
      subjects.pod,
      "NetworkNotReady",
      "network is not ready: container runtime network not ready: NetworkReady=false reason:NetworkPluginNotReady",
      "container-start",
      "passing",
    ],
    [
      subjects.pod,
      "FailedMount",
      'MountVolume.SetUp failed for volume "keys" : secret "akash-provider-keys" not found',
      "volume-mount",
      "passing",
    ],
    [
      subjects.pod,
      "FailedScheduling",
      "0/1 nodes are available: 1 Insufficient cpu. preemption: 0/1 nodes are available: 1 No preemption victims found for incoming pod.",
      "scheduling",
      "passing",
    ],
    [
      subjects.pod,
      "FailedScheduling",
      "0/1 nodes are available: pod has unbound immediate PersistentVolumeClaims. not found",
      undefined,
    ],
    [
      subjects.pod,
      "Failed",
      'Failed to pull image "ghcr.io/akash-network/provider:0.0.0": rpc error: code = NotFound desc = failed to pull and unpack image',
      "image",
      "passing",
    ],
    [
      subjects.pod,
      "BackOff",
      'Back-off pulling image "ghcr.io/akash-network/provider:0.0.0"',
      "image",
      "passing",
    ],
    [subjects.init, "ErrImagePull", "pull access denied for image x", "image", "passing"],
    [
      subjects.init,
      "ErrImagePull",
      "rpc error: code = Unknown desc = Error response from daemon: manifest for x not found: manifest unknown",
      "image",
      "passing",
    ],
    [subjects.pod, "Failed", "Error: ErrImagePull", undefined],
    [
      subjects.pod,
      "InspectFailed",
      'Failed to apply default image tag "ghcr.io/a:b:c": couldn\'t parse image name "ghcr.io/a:b:c": invalid reference format',
      "image-name",
      "certain",
    ],
    [
      subjects.init,
      "CreateContainerConfigError",
      'secret "akash-provider-gcp-dns" not found',
      "container-configuration",
      "lasting",
    ],
    [
      subjects.pod,
      "Failed",
      'Error: container has runAsNonRoot and image will run as root (pod: "akash-provider-0_akash-services(1)", container: init)',
      "container-configuration",
      "lasting",
    ],
    [
      subjects.pod,
      "Failed",
      "Error: couldn't find key CF_DNS_API_TOKEN in Secret akash-services/akash-provider-cloudflare-dns",
      "container-configuration",
      "lasting",
    ],
    [
      subjects.init,
      "CrashLoopBackOff",
      "back-off 5m0s restarting failed container=init pod=akash-provider-0; ended with exit code 1 (Error)",
      "crash",
      "passing",
    ],
    [
      subjects.pod,
      "BackOff",
      "Back-off restarting failed container init in pod akash-provider-0_akash-services(1)",
      "crash",
      "passing",
    ],
    [subjects.pod, "Unhealthy", "Readiness probe failed: timeout", undefined],
  ];
  for (const [subject, reason, text, id, certainty] of lines) {
    it(`${reason}: ${text.replace(refused, "").slice(0, 90)}`, () => {
      const obstacle = obstacleOf(remark(subject, reason, text), target);
      assert.equal(obstacle?.id, id);
      assert.equal(obstacle?.certainty, certainty);
    });
  }

  it("raises a quota by the missing amounts", () => {
    const [, , text = ""] = lines.find(([, , , id]) => id === "quota") ?? [];
    assert.equal(
      obstacleOf(remark(subjects.set, "FailedCreate", text), target)?.command,
      `kubectl -n akash-services patch resourcequota small --type=merge -p '{"spec":{"hard":{"limits.cpu":"2500m","requests.cpu":"1"}}}'`,
    );
  });
});

/** A cluster with one release, and with simulated time. */
class FakeRollout {
  events: CoreV1Event[] = [];
  pod: V1Pod | undefined;
  statefulSet: V1StatefulSet | undefined = { metadata: { uid: "set" }, spec: undefined } as never;
  claim = { metadata: { uid: "1" }, status: { phase: "Pending" } };
  isRollingOut = true;
  logs: string[] = [];
  failure: Error | undefined;
  readonly deleted: unknown[] = [];
  readonly told: string[] = [];
  #elapsed = 0;
  /** Events by time, in seconds. */
  readonly later = new Map<number, () => void>();
  #waiting: (() => void) | undefined;

  readonly watch = new RolloutWatch(
    {
      core: {
        listNamespacedEvent: ({ fieldSelector = "" }: { fieldSelector?: string }) => {
          if (this.failure !== undefined) {
            return Promise.reject(this.failure);
          }
          const [, kind, name] = /involvedObject.kind=(.*),involvedObject.name=(.*)/.exec(
            fieldSelector,
          ) as unknown as string[];
          return Promise.resolve({
            items: this.events.filter(
              ({ involvedObject }) => involvedObject.kind === kind && involvedObject.name === name,
            ),
          });
        },
        readNamespacedPod: () => this.#found(this.pod),
        readNamespacedPodLog: () => this.#found(this.logs.join("\n")),
        readNamespacedPersistentVolumeClaim: () => this.#found(this.claim),
      },
      apps: {
        readNamespacedStatefulSet: () => this.#found(this.statefulSet),
        deleteNamespacedStatefulSet: (request: unknown) => {
          this.deleted.push(request);
          return Promise.resolve({});
        },
      },
      isRollingOut: () => Promise.resolve(this.isRollingOut),
    },
    target,
    (message) => {
      this.told.push(message);
      return Promise.resolve();
    },
    {
      now: () => this.#elapsed,
      wait: async (milliseconds) => {
        await new Promise<void>((go) => (this.#waiting = go));
        this.#elapsed += milliseconds;
      },
    },
  );

  #found<T>(value: T | undefined): Promise<T> {
    return value === undefined
      ? Promise.reject(Object.assign(new Error("HTTP-Code: 404"), { code: 404 }))
      : Promise.resolve(value);
  }

  say(kind: string, reason: string, message: string, more: Partial<CoreV1Event> = {}): void {
    const name = { StatefulSet: names.fullname, Pod: names.pod }[kind] ?? names.claim;
    this.events.push({
      involvedObject: { kind, name, uid: "1" },
      metadata: { uid: `${this.events.length}`, resourceVersion: "1" },
      type: "Warning",
      reason,
      message,
      ...more,
    });
  }

  /** Advances the time, check by check. */
  async pass(seconds: number): Promise<void> {
    for (const end = this.#elapsed + seconds * 1_000; this.#elapsed < end;) {
      await this.#untilWaiting();
      this.#waiting?.();
      this.#waiting = undefined;
      await this.#untilWaiting();
    }
  }

  async #untilWaiting(): Promise<void> {
    for (let turns = 0; this.#waiting === undefined && turns < 1_000; turns += 1) {
      await new Promise(setImmediate);
    }
  }

  /** Simulates a failure of Helm. */
  async fail(): Promise<string | undefined> {
    const words = this.watch.failure();
    await this.#untilWaiting();
    this.#waiting?.();
    return words;
  }
}

describe("a watched rollout", () => {
  let rollout: FakeRollout;
  beforeEach(() => {
    rollout = new FakeRollout();
  });

  it("reports within seconds that the pod cannot start, and is ended", async () => {
    await rollout.watch.start();
    rollout.say("StatefulSet", "FailedCreate", refused + hostPath);
    await rollout.pass(4);
    assert.deepEqual(rollout.told, []);
    await rollout.pass(8);
    assert.equal(rollout.told.length, 1);
    assert.match(
      rollout.told[0] ?? "",
      /cannot start\. .*only pods of the PodSecurity level baseline.*: kubectl label namespace akash-services pod-security\.kubernetes\.io\/enforce=privileged --overwrite\nHelm's wait for the pod was ended\.$/,
    );
    assert.deepEqual(rollout.deleted, [
      {
        namespace: "akash-services",
        name: "akash-provider",
        body: { propagationPolicy: "Background", preconditions: { uid: "set" } },
      },
    ]);
    await rollout.pass(30);
    assert.equal(rollout.told.length, 1, "it is told again");
    assert.equal(rollout.deleted.length, 1);
    const words = (await rollout.fail()) ?? "";
    assert.match(words, /StatefulSet\/akash-provider: FailedCreate: create Pod/);
    assert.match(words, /by deleting the StatefulSet/);
    assert.match(words, /\nThen deploy again: pulumi up -s prod$/);
  });

  for (const [text, meaning] of [
    [
      'Pod "akash-provider-0" is invalid: spec.containers[0].image: Required value',
      "The pod is invalid (spec.containers[0].image: Required value); its fields come from the chart, the setting values, and what the cluster adds, such as a LimitRange's defaults: pulumi config get -s prod values",
    ],
    [
      'pods "akash-provider-0" is forbidden: pod rejected: RuntimeClass "gvisor" not found',
      "The pod's RuntimeClass gvisor does not exist; the stack sets the class with the setting values: kubectl get runtimeclasses",
    ],
  ] as const) {
    it(`is ended for a pod that the API server never creates: ${text}`, async () => {
      await rollout.watch.start();
      rollout.say("StatefulSet", "FailedCreate", refused + text);
      await rollout.pass(12);
      assert.deepEqual(rollout.told, [
        `The pod akash-provider-0 cannot start. ${meaning}\nHelm's wait for the pod was ended.`,
      ]);
      assert.equal(rollout.deleted.length, 1);
      await rollout.fail();
    });
  }

  it("is not ended for a temporary obstacle, which is reported at its end", async () => {
    await rollout.watch.start();
    rollout.pod = { metadata: { uid: "1" } };
    rollout.say("Pod", "FailedScheduling", "0/1 nodes are available: 1 Insufficient memory.");
    await rollout.pass(60);
    assert.deepEqual([rollout.told, rollout.deleted], [[], []]);
    const words = (await rollout.fail()) ?? "";
    assert.match(
      words,
      /The pod cannot be scheduled \(0\/1 nodes are available: 1 Insufficient memory/,
    );
    assert.doesNotMatch(words, /by deleting/);
  });

  it("reports the scheduler's latest message, which is missing in the events", async () => {
    await rollout.watch.start();
    const unbound = "0/1 nodes are available: pod has unbound immediate PersistentVolumeClaims.";
    const message = "0/1 nodes are available: 1 node(s) didn't match Pod's node affinity/selector.";
    rollout.pod = {
      metadata: { uid: "1", name: names.pod },
      status: {
        conditions: [{ type: "PodScheduled", status: "False", reason: "Unschedulable", message }],
      },
    };
    rollout.say("Pod", "FailedScheduling", unbound);
    rollout.say("Pod", "FailedScheduling", message);
    await rollout.pass(10);
    rollout.pod = undefined;
    const words = (await rollout.fail()) ?? "";
    assert.match(words, /The pod cannot be scheduled \(0\/1 nodes are available: .*node affinity/);
    assert.equal(words.match(/FailedScheduling: .*node affinity/g)?.length, 1, words);
  });

  it("does not report a node that was found later", async () => {
    await rollout.watch.start();
    const unscheduled = { type: "PodScheduled", status: "False", message: "0/1 nodes" };
    rollout.pod = { metadata: { uid: "1" }, status: { conditions: [unscheduled] } };
    await rollout.pass(10);
    rollout.pod = {
      metadata: { uid: "1" },
      status: { conditions: [{ type: "PodScheduled", status: "True" }] },
    };
    await rollout.pass(10);
    assert.equal(await rollout.fail(), undefined);
  });

  it("reports a webhook that stays down, and continues", async () => {
    await rollout.watch.start();
    rollout.say(
      "StatefulSet",
      "FailedCreate",
      `${refused}Internal error occurred: failed calling webhook "pods.example.test": EOF`,
    );
    await rollout.pass(10);
    assert.deepEqual(rollout.told, []);
    await rollout.pass(20);
    assert.match(
      rollout.told.join(),
      /does not start.*\nHelm waits for the pod until its timeout\.$/,
    );
    assert.deepEqual(rollout.deleted, []);
    await rollout.fail();
  });

  it("reports nothing and is not ended where the pod has started later", async () => {
    await rollout.watch.start();
    rollout.say("StatefulSet", "FailedCreate", refused + hostPath);
    await rollout.pass(4);
    rollout.pod = { metadata: { uid: "1" } };
    await rollout.pass(20);
    assert.deepEqual([rollout.told, rollout.deleted], [[], []]);
    await rollout.fail();
  });

  for (const [what, change] of [
    ["while Helm rolls back to the previous revision", () => (rollout.isRollingOut = false)],
    [
      "where the home volume would be deleted with the StatefulSet",
      () =>
        (rollout.statefulSet = {
          metadata: { uid: "set" },
          spec: { persistentVolumeClaimRetentionPolicy: { whenDeleted: "Delete" } },
        } as V1StatefulSet),
    ],
  ] as const) {
    it(`reports the obstacle, but is not ended, ${what}`, async () => {
      change();
      await rollout.watch.start();
      rollout.say("StatefulSet", "FailedCreate", refused + hostPath);
      await rollout.pass(20);
      assert.match(
        rollout.told.join(),
        /cannot start.*\nHelm waits for the pod until its timeout\.$/,
      );
      assert.deepEqual(rollout.deleted, []);
      await rollout.fail();
    });
  }

  it("does not report earlier messages, unless they are repeated", async () => {
    rollout.say("StatefulSet", "FailedCreate", refused + hostPath);
    await rollout.watch.start();
    await rollout.pass(20);
    assert.deepEqual(rollout.told, []);
    assert.equal(await rollout.fail(), undefined);
  });

  it("reports each message once, the newest last, with the last lines of a terminated container's log", async () => {
    await rollout.watch.start();
    const at = (second: number) => new Date(second * 1_000);
    rollout.say("Pod", "BackOff", "Back-off restarting failed container init in pod x", {
      type: "Normal",
      count: 3,
      lastTimestamp: at(5),
    });
    rollout.say("StatefulSet", "FailedCreate", `${refused}pods is forbidden: 1`, {
      lastTimestamp: at(1),
    });
    rollout.say("StatefulSet", "FailedCreate", `${refused}pods is forbidden: 2`, {
      lastTimestamp: at(2),
    });
    rollout.say("Pod", "Pulled", "Container image already present", { type: "Normal" });
    rollout.logs = ["importing key", "Error: ciphertext decryption failed"];
    rollout.pod = {
      metadata: { uid: "1", name: names.pod },
      status: {
        initContainerStatuses: [
          {
            name: "init",
            image: "",
            imageID: "",
            ready: false,
            restartCount: 2,
            state: { waiting: { reason: "CrashLoopBackOff" } },
            lastState: { terminated: { exitCode: 1, reason: "Error" } },
          },
        ],
      },
    };
    await rollout.pass(4);
    const lines = ((await rollout.fail()) ?? "").split("\n");
    const shown = lines.filter((line) => line.startsWith("  ")).map((line) => line.trim());
    assert.match(shown[0] ?? "", /^StatefulSet\/akash-provider: FailedCreate \(2 times\): .*: 2$/);
    assert.deepEqual(shown.slice(1).sort(), [
      "Pod/akash-provider-0, container init: CrashLoopBackOff: ended with exit code 1 (Error)",
      "Pod/akash-provider-0: BackOff (3 times): Back-off restarting failed container init in pod x",
      "| Error: ciphertext decryption failed",
      "| importing key",
    ]);
  });

  for (const [phase, isSaid] of [
    ["Pending", true],
    ["Bound", false],
  ] as const) {
    it(`${isSaid ? "reports" : "does not report"} the events of a claim that is ${phase}, although the pod is gone`, async () => {
      await rollout.watch.start();
      rollout.say("PersistentVolumeClaim", "ExternalProvisioning", "Waiting for a volume", {
        type: "Normal",
      });
      rollout.say("StatefulSet", "FailedCreate", refused + hostPath);
      await rollout.pass(4);
      rollout.claim.status.phase = phase;
      const words = (await rollout.fail()) ?? "";
      assert.match(words, /FailedCreate/);
      assert.equal(words.includes("ExternalProvisioning"), isSaid, words);
      assert.equal(words.includes("has no volume yet"), isSaid, words);
    });
  }

  it("reports why it finds nothing, without the permission to read", async () => {
    rollout.failure = new ClusterRefusal(403, "The cluster does not allow that: 403");
    await rollout.watch.start();
    await rollout.pass(10);
    assert.match((await rollout.fail()) ?? "", /cannot be read: The cluster does not allow that/);
  });
});

describe("a namespace", () => {
  const admit = (label: string | undefined, refusal: Error | undefined) =>
    refuseUnlessAdmitted(
      {
        readNamespace: () =>
          Promise.resolve({
            metadata: {
              labels: label === undefined ? {} : { "pod-security.kubernetes.io/enforce": label },
            },
          }),
        createNamespacedPod: () =>
          refusal === undefined ? Promise.resolve({}) : Promise.reject(refusal),
      },
      { namespace: "akash-services", kubeContext: "home" },
    );
  const security = new ClusterRefusal(403, `The cluster does not allow that: 403 (${hostPath})`);
  const right = new ClusterRefusal(403, "The cluster does not allow that: 403 (no right)");

  it("that does not admit the pod is refused, with the command that admits it", async () => {
    await assert.rejects(admit(undefined, security), {
      message:
        'The namespace akash-services does not admit the provider\'s pod, which has a hostPath volume: violates PodSecurity "baseline:latest": hostPath volumes (volume "provider-config-volume"). Helm was not started. ' +
        `Admit the pod and deploy: kubectl --context home label namespace akash-services pod-security.kubernetes.io/enforce=privileged --overwrite && pulumi up -s ${getStack()}`,
    });
  });

  it("is checked by its label without the permission to create pods", async () => {
    await assert.rejects(admit("restricted", right), /its label .* is restricted/);
    await admit("privileged", right);
    await admit(undefined, right);
  });

  it("that admits the pod is accepted, regardless of its label", async () => {
    await admit("baseline", undefined);
  });
});

describe("the leftover claim of a failed deployment", () => {
  const release = { namespace: "akash-services", releaseName: "akash-provider", names };
  const left = {
    metadata: { uid: "1", labels: { "app.kubernetes.io/instance": "akash-provider" } },
    spec: {},
    status: { phase: "Pending" },
  };
  const missing = () => Promise.reject(Object.assign(new Error("404"), { code: 404 }));

  async function isRemoved(claim: object | undefined, statefulSet?: object): Promise<boolean> {
    let present = claim;
    const core = {
      readNamespacedPersistentVolumeClaim: () =>
        present === undefined ? missing() : Promise.resolve(present),
      deleteNamespacedPersistentVolumeClaim: () => {
        present = undefined;
        return Promise.resolve({});
      },
    };
    const apps = {
      readNamespacedStatefulSet: () =>
        statefulSet === undefined ? missing() : Promise.resolve(statefulSet),
    };
    const [one, other] = [core, apps] as unknown as [
      Parameters<typeof removeLeftoverClaim>[0],
      Parameters<typeof removeLeftoverClaim>[1],
    ];
    const said = await removeLeftoverClaim(one, other, release, systemClock);
    assert.equal(said, claim !== undefined && present === undefined);
    return said;
  }

  it("is deleted if it never had a volume", async () => {
    assert.equal(await isRemoved(left), true);
  });

  it("is kept if it has a volume, has another owner, or is in use", async () => {
    assert.equal(await isRemoved(undefined), false);
    assert.equal(await isRemoved({ ...left, status: { phase: "Bound" } }), false);
    assert.equal(await isRemoved({ ...left, spec: { volumeName: "mine" } }), false);
    assert.equal(await isRemoved({ ...left, metadata: { uid: "1" } }), false);
    assert.equal(await isRemoved(left, {}), false);
  });
});
