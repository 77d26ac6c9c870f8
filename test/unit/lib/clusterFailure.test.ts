import assert from "node:assert/strict";
import { ApiException, CoreV1Api, KubeConfig } from "../../../lib/kubernetesClient.ts";
import {
  ClusterFailure,
  clusterFailure,
  ClusterUnreachable,
  withSentences,
} from "../../../lib/clusterFailure.ts";

describe("a failed request to the cluster", () => {
  const place = { server: "https://192.0.2.1:6443", context: "prod" };
  const command = "kubectl --context prod cluster-info";

  function explained(error: unknown): unknown {
    return clusterFailure(error, place, command);
  }

  function answer(code: number, message: string): ApiException<unknown> {
    const headers = { "audit-id": "42" };
    return new ApiException(code, "Unknown API Status Code!", JSON.stringify({ message }), headers);
  }

  for (const [error, message] of [
    [
      answer(401, "Unauthorized"),
      "The cluster at https://192.0.2.1:6443 (context prod) does not accept the kubeconfig's credential: 401 (Unauthorized). The identity: kubectl --context prod auth whoami",
    ],
    [
      answer(403, 'secrets is forbidden: User "a" cannot list'),
      'The cluster at https://192.0.2.1:6443 (context prod) denies the request: 403 (secrets is forbidden: User "a" cannot list). The identity: kubectl --context prod auth whoami',
    ],
    [
      answer(500, "etcdserver: request timed out"),
      "The cluster at https://192.0.2.1:6443 (context prod) fails: 500 (etcdserver: request timed out). Its state: kubectl --context prod cluster-info",
    ],
  ] as const) {
    it(`is reported with ${error.code} and the cluster's message, without the rest of the response`, () => {
      const told = explained(error);
      assert(told instanceof ClusterFailure);
      assert.equal(told.message, message);
      assert.equal(told.code, error.code);
    });
  }

  for (const code of ["ECONNREFUSED", "ENOTFOUND", "CERT_HAS_EXPIRED"]) {
    it(`is reported where the cluster does not respond: ${code}`, () => {
      const error = Object.assign(
        new Error(`request to https://192.0.2.1:6443/api/v1/x failed, reason: it is away`),
        { code },
      );
      const told = explained(error);
      assert(told instanceof ClusterUnreachable);
      assert.equal(
        told.message,
        `The cluster at https://192.0.2.1:6443 (context prod) does not respond: it is away (${code}). To check that it is the right cluster: ${command}`,
      );
    });
  }

  it("stays unchanged where the caller handles it, and for a defect of the program", () => {
    for (const error of [answer(404, "gone"), answer(409, "changed"), new TypeError("x"), "text"]) {
      assert.equal(explained(error), error);
    }
  });

  it("is reported by each call of an API", async () => {
    const config = new KubeConfig();
    config.loadFromClusterAndUser(
      { name: "c", server: "http://127.0.0.1:1", skipTLSVerify: true },
      { name: "u" },
    );
    const core = withSentences(
      config.makeApiClient(CoreV1Api),
      { server: "http://127.0.0.1:1", context: undefined },
      command,
    );
    await assert.rejects(core.readNamespace({ name: "x" }), (error: unknown) => {
      assert(error instanceof ClusterUnreachable);
      assert.match(
        error.message,
        /^The cluster at http:\/\/127\.0\.0\.1:1 does not respond: .*ECONNREFUSED/,
      );
      return true;
    });
  });
});
