import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { clusterFacts, type ClusterFacts } from "../../../doctor/facts/clusterFacts.ts";
import { NotAvailable } from "../../../doctor/finding.ts";
import { context } from "./context.ts";

describe("the facts from the cluster", () => {
  let server: Server;
  let status: number;
  let facts: ClusterFacts;

  beforeEach(async () => {
    server = createServer((_request, response) => {
      response.writeHead(status, { "content-type": "application/json" });
      response.end(JSON.stringify({ kind: "Status", message: "because it says so" }));
    });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    const { port } = server.address() as AddressInfo;
    const kubeconfigContent = JSON.stringify({
      clusters: [{ name: "c", cluster: { server: `http://127.0.0.1:${port}` } }],
      users: [{ name: "u" }],
      contexts: [{ name: "prod", context: { cluster: "c", user: "u" } }],
    });
    const { expected } = context({ expected: { kubeContext: "prod", kubeconfigContent } });
    facts = await clusterFacts(expected);
  });
  afterEach(() => {
    server.close();
    server.closeAllConnections();
  });

  for (const [what, response, message] of [
    [
      "the cluster does not accept the credential",
      401,
      "the cluster does not accept the kubeconfig's credential (401): kubectl --context prod -n akash-services auth whoami",
    ],
    [
      "the permission is missing",
      403,
      "the cluster does not allow you to read this (403): kubectl --context prod -n akash-services auth can-i --list",
    ],
    ["the cluster fails", 500, "the cluster responds with 500"],
  ] as const) {
    it(`are not available if ${what}, with a command that shows details`, async () => {
      status = response;
      await assert.rejects(facts.pod(), (error: unknown) => {
        assert(error instanceof NotAvailable);
        assert.equal(error.message, message);
        return true;
      });
    });
  }
});
