import assert from "node:assert/strict";
import { statSync } from "node:fs";
import { join } from "node:path";
import type { V1Secret } from "@kubernetes/client-node";
import type { Report } from "../../doctor/report.ts";
import { recordSelector } from "../../lib/helmRecord.ts";
import { podLogs } from "../../sandbox/cluster/podLog.ts";
import type { Sandbox } from "../../sandbox/cluster/sandbox.ts";
import { describeExhaustive } from "../support/exhaustive.ts";
import { Cluster } from "../support/kubernetesObjects.ts";
import { ended, ExaminedProvider, start } from "../support/examinedProvider.ts";
import { testSandbox } from "../support/sandbox.ts";

const revisions = 5_000;
/** The number in all added revisions: before Helm's first. */
const copied = 0;
const logSize = 50 * 1024 * 1024;
const error = "cert-issuer: failed to renew certificate for provider.doctor-large.example.test";

/** A module that writes the memory, in MB, and the processor time, in seconds, of its process when the process ends. */
const measuring = `data:text/javascript,${encodeURIComponent(`
  process.on("exit", () => {
    const { maxRSS, userCPUTime, systemCPUTime } = process.resourceUsage();
    const used = { megabytes: maxRSS / 1024, seconds: (userCPUTime + systemCPUTime) / 1e6 };
    process.stderr.write("used " + JSON.stringify(used) + "\\n");
  });`)}`;

describeExhaustive("doctor on a large cluster", () => {
  let sandbox: Sandbox;
  let cluster: Cluster;
  let patient: ExaminedProvider;

  before(async () => {
    sandbox = await testSandbox();
    cluster = new Cluster(sandbox);
    patient = await ExaminedProvider.create(sandbox, "doctor-large", {});
  });
  after(async () => {
    patient.close();
    // Helm would search for each under the name of the revision that it is a copy of.
    await cluster.core.deleteCollectionNamespacedSecret({
      namespace: patient.name,
      labelSelector: recordSelector({ version: copied }),
    });
    await patient.workspace.destroy();
  });

  /** This many revisions before the deployed one, which is the last. */
  async function addRevisions(): Promise<void> {
    const namespace = patient.name;
    const labelSelector = recordSelector({ status: "deployed" });
    const { items } = await cluster.core.listNamespacedSecret({ namespace, labelSelector });
    const [deployed] = items;
    const { metadata, data, type } = deployed ?? assert.fail("nothing is deployed");
    const copy = (version: number): V1Secret => ({
      metadata: {
        name: `${metadata?.name ?? ""}-${version}`,
        labels: { ...metadata?.labels, version: String(copied), status: "superseded" },
      },
      ...(data && { data }),
      ...(type !== undefined && { type }),
    });
    for (let version = 1; version < revisions; version += 50) {
      const batch = Array.from({ length: 50 }, (_, index) => copy(version + index));
      await Promise.all(
        batch.map((body) => cluster.core.createNamespacedSecret({ namespace, body })),
      );
    }
  }

  async function writeLog(): Promise<void> {
    const log = await patient.log();
    const file = join(podLogs(sandbox.directory, patient.name), `${patient.pod}.log`);
    const line = { text: `INF bid order=${"x".repeat(180)}` };
    while (statSync(file).size < logSize) {
      log.write(Array.from({ length: 10_000 }, () => line));
    }
    log.write([{ text: error }]);
  }

  it("remains small and fast with thousands of revisions and a long log, and reports what it omitted", async () => {
    await addRevisions();
    await writeLog();
    const args = ["-s", patient.name, "--json", `--dns-server=${sandbox.dns.address}`];
    const child = start(sandbox, patient.workspace.directory, args, {
      NODE_OPTIONS: `--import=${measuring}`,
    });
    const { stdout, stderr } = await ended(child);
    const [, used = "{}"] = /^used (.*)$/m.exec(stderr) ?? [];
    const { megabytes, seconds } = JSON.parse(used) as Record<"megabytes" | "seconds", number>;
    assert(megabytes < 300, `${megabytes} MB`);
    assert(seconds < 20, `${seconds} s`);

    const { findings } = JSON.parse(stdout) as Report;
    const seen = (id: string) => findings.find((finding) => finding.id === id)?.seen ?? "";
    assert.match(seen("release"), /^revision 1, deployed$/);
    assert.match(seen("log-renewal-failed"), /failed to renew certificate/);
    assert.match(
      seen("left-out"),
      /^omitted: \d+ older revisions of the 5\d{3} .*; the log between its first 8 MB and its last \d+ lines$/,
    );
  });
});
