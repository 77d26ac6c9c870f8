import assert from "node:assert/strict";
import { helm, kubectl } from "../../../lib/clusterCommand.ts";
import { shell } from "../../../lib/shell.ts";

describe("a command for the cluster", () => {
  it("names namespace and context, and omits the context where the stack names none", () => {
    const namespace = "akash-services";
    assert.equal(kubectl({ namespace }, shell`get pods`), "kubectl -n akash-services get pods");
    assert.equal(helm({ namespace }, shell`history x`), "helm -n akash-services history x");
    const target = { namespace, kubeContext: "prod" };
    assert.equal(
      kubectl(target, shell`get pods`),
      "kubectl --context prod -n akash-services get pods",
    );
    assert.equal(
      helm(target, shell`history x`),
      "helm --kube-context prod -n akash-services history x",
    );
    assert.equal(
      kubectl({ kubeContext: "prod" }, shell`get nodes`),
      "kubectl --context prod get nodes",
    );
  });

  for (const [kubeContext, word] of [
    ["arn:aws:eks:eu-west-1:123456789012:cluster/x", undefined],
    ["admin@prod", undefined],
    ["my cluster", "'my cluster'"],
    ["it's; rm -r ~", "'it'\\''s; rm -r ~'"],
  ] as const) {
    it(`keeps the context ${kubeContext} as one shell word`, () => {
      assert.equal(
        kubectl({ kubeContext }, shell`get nodes`),
        `kubectl --context ${word ?? kubeContext} get nodes`,
      );
    });
  }
});
