import assert from "node:assert/strict";
import * as pulumi from "@pulumi/pulumi";
import { ownerAnnotation } from "../../../components/owner.ts";
import { refuseClusterWithout } from "../../../components/sameCluster.ts";
import { FakeCluster } from "../../support/fakeCluster.ts";

describe("a cluster from only the kubeconfig", () => {
  const place = {
    namespace: "akash-services",
    uid: "uid-of-before",
    releaseName: "akash-provider",
    walletSecret: "akash-provider-keys",
  };
  const kubeconfig = JSON.stringify({
    "current-context": "other",
    clusters: [{ name: "other", cluster: { server: "https://other.test" } }],
    contexts: [{ name: "other", context: { cluster: "other" } }],
  });
  let kubernetes: FakeCluster;

  const asked = () =>
    refuseClusterWithout(place, { kubeconfig }, () => kubernetes.cluster().coreApi());

  beforeEach(() => {
    kubernetes = new FakeCluster();
  });

  it("is the stack's if it has the namespace with the uid in the state", async () => {
    kubernetes.namespaces.set("akash-services", "uid-of-before");
    await asked();
  });

  for (const [what, uid] of [
    ["no namespace of its name", undefined],
    ["another namespace of its name", "uid-of-another"],
  ] as const) {
    it(`is refused with ${what}, with the commands for both cases`, async () => {
      if (uid !== undefined) {
        kubernetes.namespaces.set("akash-services", uid);
        kubernetes.setSecret("akash-services/akash-provider-keys", {
          annotations: { [ownerAnnotation]: "other/stack" },
        });
      }
      await assert.rejects(asked(), (error: Error) => {
        assert(pulumi.RunError.isInstance(error));
        assert.match(
          error.message,
          /is in another cluster than .*, other \(https:\/\/other\.test\)/,
        );
        assert.match(error.message, /pulumi config set -s \S+ kubeContext 'CONTEXT'/);
        assert.match(error.message, /pulumi refresh -s \S+ --run-program && pulumi up -s \S+$/);
        return true;
      });
    });
  }

  it("is the stack's if the provider was restored to it", async () => {
    kubernetes.namespaces.set("akash-services", "uid-of-now");
    kubernetes.setSecret("akash-services/akash-provider-keys", {
      annotations: { [ownerAnnotation]: `${pulumi.getProject()}/${pulumi.getStack()}` },
    });
    await asked();
  });

  it("is left to the calls that follow if it cannot be read", async () => {
    kubernetes.answers = false;
    await asked();
  });
});
