import assert from "node:assert/strict";
import type { V1Pod } from "@kubernetes/client-node";
import type { Remark } from "../../../components/rollout/remarks.ts";
import { firstDeployment } from "../../../doctor/checks/firstDeployment.ts";
import { podObstacles } from "../../../doctor/checks/podObstacles.ts";
import { expectation } from "../../../doctor/expectation.ts";
import { findings } from "./context.ts";

const refused: Remark = {
  subject: "StatefulSet/akash-provider",
  uid: "1",
  reason: "FailedCreate",
  text: 'create Pod akash-provider-0 in StatefulSet akash-provider failed error: pods "akash-provider-0" is forbidden: violates PodSecurity "baseline:latest": hostPath volumes (volume "provider-config-volume")',
  count: 12,
  time: 0,
  version: "1@1",
};
const admit =
  "kubectl label namespace akash-services pod-security.kubernetes.io/enforce=privileged --overwrite";

describe("a first deployment that has failed", () => {
  const wallet = {
    type: "kubernetes:core/v1:Secret",
    inputs: {
      metadata: {
        namespace: "akash",
        name: "home-provider-keys",
        labels: { "app.kubernetes.io/instance": "home" },
      },
      data: { "key.txt": {} },
    },
    outputs: {},
  };

  it("is located by the wallet's Secret", () => {
    const { namespace, releaseName, names, isUnfinished } = expectation("prod", [wallet]);
    assert.deepEqual(
      { namespace, releaseName, pod: names.pod, claim: names.claim, isUnfinished },
      {
        namespace: "akash",
        releaseName: "home",
        pod: "home-provider-0",
        claim: "home-home-provider-0",
        isUnfinished: true,
      },
    );
  });

  it("has not started without this Secret", () => {
    assert.throws(() => expectation("prod", []), /has not deployed a provider\. Deploy it: pulumi/);
  });

  const gone = { revisions: () => Promise.resolve([]), pod: () => Promise.resolve(undefined) };

  it("is reported with the obstacle, and the commands that remove it and deploy", async () => {
    const cluster = { ...gone, remarks: () => Promise.resolve([refused]) };
    const [finding] = await findings(firstDeployment, { cluster });
    assert.deepEqual(
      [finding?.id, finding?.seen, finding?.command],
      [
        "release-not-deployed",
        "no release akash-provider, no pod akash-provider-0 and 1 of its events in namespace akash-services",
        `${admit} && pulumi up -s prod`,
      ],
    );
    const [obstacle] = await findings(podObstacles, { cluster });
    assert.deepEqual([obstacle?.id, obstacle?.subject], ["pod-obstacle", "pod-security"]);
    assert.equal(obstacle?.command, admit);
    assert.match(
      obstacle?.seen ?? "",
      /only pods of the PodSecurity level baseline.*FailedCreate \(12 times\): create Pod/,
    );
  });

  it("is reported with the command for the events if no obstacle is known", async () => {
    const [finding] = await findings(firstDeployment, { cluster: gone });
    assert.equal(finding?.command, "kubectl -n akash-services get events --sort-by=.lastTimestamp");
    assert.deepEqual(await findings(podObstacles, { cluster: gone }), []);
  });

  it("is reported as a problem of the release if a revision remains", async () => {
    const revision = { status: "pending-install", number: 1 };
    const [finding] = await findings(firstDeployment, { revision });
    assert.equal(finding?.id, "release-pending");
  });
});

describe("a pod that is not ready", () => {
  const about = (subject: string, uid: string, text: string): Remark => ({
    ...refused,
    ...{ subject, uid, text, reason: "FailedScheduling" },
  });
  const seen = async (pod: V1Pod, ...remarks: readonly Remark[]) => {
    const cluster = { pod: () => Promise.resolve(pod), remarks: () => Promise.resolve(remarks) };
    return (await findings(podObstacles, { cluster })).map(({ subject }) => subject);
  };
  const claim: Remark = {
    ...refused,
    ...{ subject: "PersistentVolumeClaim/home-akash-provider-0", reason: "ProvisioningFailed" },
    text: 'storageclass.storage.k8s.io "beta3" not found',
  };

  it("has the obstacles of its own events, not of an earlier pod's", async () => {
    const pod = { metadata: { uid: "now" }, spec: { containers: [] } };
    const own = about("Pod/akash-provider-0", "now", "0/1 nodes are available");
    const former = about("Pod/akash-provider-0", "before", "0/1 nodes are available");
    assert.deepEqual(await seen(pod, refused, former), []);
    assert.deepEqual(await seen(pod, refused, own), ["scheduling"]);
  });

  it("has its claim as an obstacle only until it has a node", async () => {
    const pod = { metadata: { uid: "now" }, spec: { containers: [] } };
    assert.deepEqual(await seen(pod, claim), ["storage-class"]);
    assert.deepEqual(await seen({ ...pod, spec: { ...pod.spec, nodeName: "node" } }, claim), []);
  });
});

describe("a missing pod", () => {
  it("has the obstacles to its creation, not those of the previous pod", async () => {
    const text = "0/1 nodes are available";
    const former: Remark = { ...refused, ...{ subject: "Pod/akash-provider-0", text } };
    const gone = { pod: () => Promise.resolve(undefined) };
    const seen = async (remark: Remark) => {
      const cluster = { ...gone, remarks: () => Promise.resolve([remark]) };
      return (await findings(podObstacles, { cluster })).map(({ subject }) => subject);
    };
    assert.deepEqual(await seen({ ...former, reason: "FailedScheduling" }), []);
    assert.deepEqual(await seen(refused), ["pod-security"]);
  });
});

describe("a pod that is ready", () => {
  it("reports no obstacle, even if the pod has events", async () => {
    const remarks = () => Promise.resolve([refused]);
    assert.deepEqual(await findings(podObstacles, { cluster: { remarks } }), []);
  });
});
