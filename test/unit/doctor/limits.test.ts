import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, type IncomingMessage, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { completeness } from "../../../doctor/checks/completeness.ts";
import { clusterFacts, type ClusterFacts } from "../../../doctor/facts/clusterFacts.ts";
import { encodeRecord } from "../../../lib/helmRecord.ts";
import { context, findings } from "./context.ts";

/** An API server with a release of many revisions and a pod with a long log. */
class LargeCluster {
  revisions = 1;
  deployed = 1;
  log = "";
  /** The size of all responses, in bytes. */
  answered = 0;
  readonly #server: Server = createServer((request, response) => {
    const body = this.#answer(request);
    const type = typeof body === "string" ? "application/json" : "text/plain";
    this.answered += body.length;
    response.writeHead(200, { "content-type": type }).end(body);
  });

  async facts(): Promise<ClusterFacts> {
    this.#server.listen(0, "127.0.0.1");
    await once(this.#server, "listening");
    const { port } = this.#server.address() as AddressInfo;
    const kubeconfigContent = JSON.stringify({
      clusters: [{ name: "c", cluster: { server: `http://127.0.0.1:${port}` } }],
      users: [{ name: "u", user: {} }],
      contexts: [{ name: "c", context: { cluster: "c", user: "u" } }],
      "current-context": "c",
    });
    return clusterFacts({ ...context().expected, kubeconfigContent });
  }

  close(): void {
    this.#server.close();
    this.#server.closeAllConnections();
  }

  #answer({ url = "", headers }: IncomingMessage): Buffer | string {
    const { pathname, searchParams } = new URL(url, "http://x");
    const [, , , , , kind, name = "", part] = pathname.split("/");
    const json = (value: unknown) => JSON.stringify(value);
    if (kind === "secrets" && name !== "") {
      return json(this.#revision(Number(name.split(".v").at(-1))));
    }
    if (kind === "secrets") {
      assert.match(
        headers.accept ?? "",
        /as=PartialObjectMetadataList/,
        "all Secrets were asked for",
      );
      const versions = Array.from({ length: this.revisions }, (_, index) => index + 1);
      return json({
        // Like the API server.
        items:
          versions.length === 0
            ? null
            : versions.map((version) => ({ metadata: this.#metadata(version) })),
      });
    }
    if (part === "log") {
      const tail = searchParams.get("tailLines");
      const lines = this.log.split("\n");
      const text = tail === null ? this.log : lines.slice(-Number(tail) - 1).join("\n");
      const limit = Number(searchParams.get("limitBytes"));
      return Buffer.from(text).subarray(0, limit);
    }
    return json({
      spec: { containers: [{ name: "provider" }] },
      status: { containerStatuses: [{ name: "provider", restartCount: 0 }] },
    });
  }

  #status(version: number): string {
    return version === this.deployed ? "deployed" : "failed";
  }

  #metadata(version: number) {
    return {
      name: `sh.helm.release.v1.akash-provider.v${version}`,
      labels: { version: String(version), status: this.#status(version) },
    };
  }

  #revision(version: number) {
    return {
      metadata: this.#metadata(version),
      data: encodeRecord({
        name: "akash-provider",
        version,
        info: { status: this.#status(version) },
        chart: { metadata: { name: "provider", version: "19.0.2" } },
        manifest: "",
      }),
    };
  }
}

describe("a cluster with too much data to read", () => {
  let cluster: LargeCluster;
  beforeEach(() => {
    cluster = new LargeCluster();
  });
  afterEach(() => {
    cluster.close();
  });

  const line = (index: number, length = 80) =>
    `2026-11-20T12:00:00.${String(index).padStart(9, "0")}Z line ${index} ${"x".repeat(length)}\n`;

  it("is read up to the last revisions and the deployed one, and the rest is reported", async () => {
    Object.assign(cluster, { revisions: 5_000, deployed: 7 });
    const facts = await cluster.facts();
    const revisions = await facts.revisions();
    assert.deepEqual(
      revisions.map(({ number }) => number),
      [7, ...Array.from({ length: 12 }, (_, index) => 4_989 + index)],
    );
    assert.equal(revisions[0]?.status, "deployed");
    assert.deepEqual(await facts.leftOut(), [
      "4987 older revisions of the 5000 that Helm keeps of the release",
    ]);
  });

  it("is read up to the beginning and the end of the log, and the rest is reported", async () => {
    cluster.log = Array.from({ length: 300_000 }, (_, index) => line(index)).join("");
    const facts = await cluster.facts();
    const lines = await facts.log();
    assert.match(lines[0]?.text ?? "", /^line 0 /);
    assert.match(lines.at(-1)?.text ?? "", /^line 299999 /);
    assert(
      lines.every(({ time }) => time !== undefined),
      "a line is cut",
    );
    assert(cluster.answered < 20_000_000, `${cluster.answered} bytes`);
    const [finding] = await findings(completeness, { cluster: facts });
    assert.equal(finding?.seen, "omitted: the log between its first 8 MB and its last 20000 lines");
  });

  it("has the end of its log read if the lines are long", async () => {
    cluster.log = Array.from({ length: 5_000 }, (_, index) => line(index, 10_000)).join("");
    const lines = await (await cluster.facts()).log();
    assert.match(lines.at(-1)?.text ?? "", /^line 4999 /);
    assert(cluster.answered < 40_000_000, `${cluster.answered} bytes`);
  });

  it("has each line once if the beginning and the end overlap", async () => {
    cluster.log = Array.from({ length: 80_000 }, (_, index) => line(index)).join("");
    const facts = await cluster.facts();
    assert.equal((await facts.log()).length, 80_000);
    assert.deepEqual(await facts.leftOut(), []);
  });

  it("has no revisions without a release", async () => {
    cluster.revisions = 0;
    assert.deepEqual(await (await cluster.facts()).revisions(), []);
  });

  it("is reported as complete if it is", async () => {
    cluster.log = line(1);
    const facts = await cluster.facts();
    assert.deepEqual(await findings(completeness, { cluster: facts }), []);
  });
});
