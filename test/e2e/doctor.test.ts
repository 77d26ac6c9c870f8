import assert from "node:assert/strict";
import { once } from "node:events";
import { readFileSync, writeFileSync } from "node:fs";
import { networkInterfaces } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { isDeepStrictEqual } from "node:util";
import type { V1ConfigMap, V1EndpointSlice } from "@kubernetes/client-node";
import {
  ApiextensionsV1Api,
  AppsV1Api,
  CustomObjectsApi,
  NetworkingV1Api,
} from "../../lib/kubernetesClient.ts";
import { letsEncryptDirectory } from "../../config/environment.ts";
import { checks } from "../../doctor/checks/index.ts";
import { issuerErrors } from "../../doctor/checks/issuerErrors.ts";
import { orderResource } from "../../doctor/facts/certificateOrders.ts";
import type { Report } from "../../doctor/report.ts";
import {
  createAuthority,
  createSelfSigned,
  type Authority,
  type KeyPair,
  type Validity,
} from "../../sandbox/cluster/certificates.ts";
import type { Sandbox } from "../../sandbox/cluster/sandbox.ts";
import { isReady } from "../../sandbox/pulumi/deployment.ts";
import { dnsServersVariable } from "../../lib/dnsServers.ts";
import { waitFor } from "../../sandbox/processes/wait.ts";
import { describeExhaustive, itExhaustive } from "../support/exhaustive.ts";
import { startAddressServer } from "../support/addressServer.ts";
import { SandboxClouds } from "../support/clouds.ts";
import { Cluster } from "../support/kubernetesObjects.ts";
import { issuerLine, issuerLines } from "../support/issuerLines.ts";
import { readOpenMetrics } from "../support/openMetrics.ts";
import {
  commands,
  ended,
  ExaminedProvider,
  provoked,
  settingsOf,
  start,
} from "../support/examinedProvider.ts";
import { testSandbox } from "../support/sandbox.ts";
import type { StackSettings } from "../support/workspace.ts";

const patients: ExaminedProvider[] = [];

async function admit(
  sandbox: Sandbox,
  name: string,
  settings: StackSettings = {},
): Promise<ExaminedProvider> {
  const patient = await ExaminedProvider.create(sandbox, name, settings);
  patients.push(patient);
  return patient;
}

/** lego's line in the log that makes earlier lines obsolete. */
const certificateCame = { text: "[INFO] [provider] Server responded with a certificate." };
const day = 24 * 60 * 60 * 1_000;
const gatewayRoutes = {
  group: "gateway.networking.k8s.io",
  version: "v1",
  plural: "httproutes",
} as const;

/** A validity that ends in this many days, of this many days in total. Default: from yesterday on. */
function until(days: number, life = days + 1) {
  const end = Date.now() + days * day;
  return { notBefore: new Date(end - life * day), notAfter: new Date(end) };
}

/** A certificate with those of the authorities above it. */
function chained({ certificate, key }: KeyPair, ...authorities: readonly Authority[]): KeyPair {
  return {
    certificate: [certificate, ...authorities.map((above) => above.certificate)].join("\n"),
    key,
  };
}

/** Serves a patient's certificate, with that of its issuer. */
async function serveOf(
  patient: ExaminedProvider,
  issuer: Authority,
  validity: Validity,
): Promise<void> {
  const { host } = patient;
  patient.serve(chained(await issuer.server(host, [host], validity), issuer));
}

/** The line that the chart's script prints before it starts the provider. */
function finalCommand(directoryUrl: string, email = "operator@example.test"): string {
  return `Final command: provider-services run --cert-issuer-enabled=true --cert-issuer-email=${email} --cert-issuer-ca-dir-url=${directoryUrl} --cert-issuer-http-challenge-port=5002`;
}

/** Commands that cannot run in the sandbox, each with the reason. */
const notRun: Readonly<Record<string, string>> = {
  ...Object.fromEntries(
    [
      "kubectl -n x debug x -i -q --image=busybox:1.37 -- nslookup -type=soa x 1.1.1.1",
      ...[
        "curl -sS https://pebble.sandbox.internal/dir",
        "curl -sSI https://dns.googleapis.com",
      ].map((command) => `kubectl -n x exec x -- ${command}`),
      ...["date -u", "df -h"].map((command) => `kubectl -n x exec x -- ${command}`),
      ...["", "/accounts"].map(
        (folder) =>
          `kubectl -n x exec x -- sh -c 'rm -r "$AP_CERT_ISSUER_STORAGE_DIR${folder}"' && kubectl -n x delete pod x --wait=false`,
      ),
    ].map((command) => [command, "no container runs in the sandbox's pods"]),
  ),
  "pulumi config set -s x domain 'DOMAIN' && pulumi up -s x": "the reader fills in a domain",
  "npm run doctor -- -s x --ca 'ROOT.PEM'": "the reader fills in a file",
  "npm run doctor -- -s x --watch": "it ends when it is interrupted, which has a test of its own",
  "pulumi config set -s x --path dns.workloadIdentity 'SERVICE_ACCOUNT' && pulumi up -s x":
    "the reader fills in an account, which has to be prepared",
  "pulumi config set -s x chartVersion 19.0.2 && pulumi up -s x":
    "the chart is a folder here, and has no version to choose",
};

const otherEmail = "other@example.test";

describe("doctor", () => {
  let sandbox: Sandbox;
  let cluster: Cluster;
  let clouds: SandboxClouds;
  /** By the names of Let's Encrypt's issuers (https://letsencrypt.org/certificates, …/docs/staging-environment). */
  let letsEncrypt: Authority;
  let letsEncryptStaging: Authority;
  /** The stand-in for Let's Encrypt's roots. */
  let root: Authority;
  let stagingRoot: Authority;

  before(async () => {
    sandbox = await testSandbox();
    cluster = new Cluster(sandbox);
    clouds = new SandboxClouds(sandbox);
    root = await createAuthority("Root X1", "Internet Security Research Group");
    letsEncrypt = await root.intermediate("E7", "Let's Encrypt");
    stagingRoot = await createAuthority("(STAGING) Root X1");
    letsEncryptStaging = await stagingRoot.intermediate(
      "(STAGING) Puzzling Parsnip E7",
      "(STAGING) Let's Encrypt",
    );
  });

  after(async () => {
    for (const patient of patients) {
      patient.close();
      await patient.dns("clear-a", { host: `${patient.host}.` });
      await patient.workspace.destroy();
    }
  });

  /** Google's API, called as the operator. */
  async function google<T>(path: string, body: object): Promise<T> {
    const response = await fetch(`${sandbox.clouds.googleUrl}${path}`, {
      method: "POST",
      headers: { authorization: `Bearer ${sandbox.environment.GOOGLE_OAUTH_ACCESS_TOKEN ?? ""}` },
      body: JSON.stringify(body),
    });
    return (await response.json()) as T;
  }

  /** Changes the issuer's settings in the cluster, and returns a function that restores them. */
  async function editSettings(
    { name, release }: ExaminedProvider,
    data: Readonly<Record<string, string>>,
  ): Promise<() => Promise<void>> {
    const target = { namespace: name, name: `${release}-letsencrypt` };
    const present = await cluster.core.readNamespacedConfigMap(target);
    const write = async (data: V1ConfigMap["data"]) => {
      const { metadata } = await cluster.core.readNamespacedConfigMap(target);
      const body = { ...present, ...(metadata && { metadata }), data: data ?? {} };
      await cluster.core.replaceNamespacedConfigMap({ ...target, body });
    };
    await write({ ...present.data, ...data });
    return () => write(present.data);
  }

  async function annotatePod(
    { name, pod }: ExaminedProvider,
    annotations: Readonly<Record<string, string>>,
  ): Promise<void> {
    const target = { namespace: name, name: pod };
    const live = await cluster.core.readNamespacedPod(target);
    const metadata = {
      ...live.metadata,
      annotations: { ...live.metadata?.annotations, ...annotations },
    };
    await cluster.core.replaceNamespacedPod({ ...target, body: { ...live, metadata } });
  }

  /** The addresses of the provider's Service. */
  async function endpoints({ name, release }: ExaminedProvider): Promise<readonly string[]> {
    const { items } = await cluster.objects.list<V1EndpointSlice>(
      "discovery.k8s.io/v1",
      "EndpointSlice",
      name,
      ...[undefined, undefined, undefined, undefined],
      `kubernetes.io/service-name=${release}`,
    );
    return items.flatMap(({ endpoints }) =>
      (endpoints ?? [])
        .filter(({ conditions }) => conditions?.ready === true)
        .flatMap(({ addresses }) => addresses),
    );
  }

  async function podReady({ name, pod }: ExaminedProvider): Promise<void> {
    await waitFor(async () => isReady((await cluster.pod(name, pod)) ?? {}), {
      what: pod,
      timeout: 60_000,
    });
  }

  describe("on a stack with HTTP-01", () => {
    let patient: ExaminedProvider;

    before(async () => {
      patient = await admit(sandbox, "doctor-http");
      await patient.issue();
    });

    it("finds nothing in the sandbox of npm start", async () => {
      const child = start(sandbox, patient.workspace.directory, ["-s", patient.name, "--sandbox"]);
      const { status, stdout } = await ended(child);
      assert.equal(status, 0, stdout);
      assert.match(stdout, /✔ The log has no unresolved error of the issuer/);
      assert.match(stdout, /✔ Port 8443 serves the stack's certificate +provider\.doctor-http/);
      assert.match(stdout, /\n1\d ok, 0 info, 0 warning, 0 error\n$/);
    });

    it("connects in the sandbox to the given address", async () => {
      const args = ["-s", patient.name, "--sandbox", "--json", "--resolve=*=127.0.0.1:1"];
      const child = start(sandbox, patient.workspace.directory, args);
      const { findings } = JSON.parse((await ended(child)).stdout) as Report;
      const seen = findings
        .filter(({ id }) => /^port-\d+-closed$/.test(id))
        .map(({ seen }) => seen);
      assert.equal(seen.length, 2, JSON.stringify(findings));
      for (const text of seen) {
        assert.match(text, /^127\.0\.0\.1:1: /);
      }
    });

    it("finds nothing where all is well", async () => {
      await patient.publish();
      assert.deepEqual(await patient.signs(), []);
      const { status, stdout } = await patient.doctor();
      assert.equal(status, 0);
      assert.match(stdout, /✔ The Helm release is deployed +revision 1, deployed/);
      assert.match(stdout, /✔ The provider was started with the stack's settings +4 flags/);
      assert.match(stdout, /✔ Port 80 routes to the provider +503/);
    });

    it("reports that it cannot verify the certificate of a CA whose root it does not know", async () => {
      const { roots } = patient;
      patient.roots = [];
      assert.deepEqual(await patient.signs(), ["info certificate-root-private"]);
      patient.roots = roots;
      const { status, stderr } = await patient.doctor("--ca", "no-such.pem");
      assert.equal(status, 3);
      assert.equal(stderr, "--ca no-such.pem cannot be read: the file does not exist\n");
    });

    it("reports the checks that could not run", async () => {
      patient.removeLog();
      const { findings } = await patient.report();
      const unseen = findings.filter(({ severity }) => severity === "info");
      assert.deepEqual(
        unseen.map(({ id }) => id),
        ["command", "log"],
      );
      assert.match(unseen[0]?.seen ?? "", /the log of .* cannot be read/);
      await patient.log();
    });

    it("finds a changed and a missing object, and the settings with which the pod would start", async () => {
      const namespace = patient.name;
      const name = `${patient.release}-letsencrypt`;
      await editSettings(patient, { AP_CERT_ISSUER_EMAIL: "other@example.test" });
      await cluster.core.deleteNamespacedService({ namespace, name: patient.release });

      const problems = await patient.problems();
      assert.deepEqual(problems.map(({ id, subject }) => [id, subject]).sort(), [
        ["object-changed", `ConfigMap/${name}`],
        ["object-missing", `Service/${patient.release}`],
        ["setting-differs", "AP_CERT_ISSUER_EMAIL"],
      ]);
      const changed = problems.find(({ id }) => id === "object-changed");
      assert.equal(changed?.expected, 'data.AP_CERT_ISSUER_EMAIL "operator@example.test"');
      assert.equal(changed.seen, 'data.AP_CERT_ISSUER_EMAIL "other@example.test"');
      assert.equal((await patient.report()).status, 2);

      await patient.fix("object-changed");
      assert.deepEqual(await patient.ids(), []);
    });

    it("finds a missing pod, and a provider that was scaled down", async () => {
      await scale(0);
      const present = () => cluster.pod(patient.name, patient.pod);
      await waitFor(async () => (await present()) === undefined, {
        what: "the end of the pod",
        timeout: 60_000,
      });
      const problems = await patient.problems();
      assert.deepEqual(
        problems.map(({ id, seen }) => [id, seen]),
        [
          ["pod-missing", `no pod ${patient.pod} in ${patient.name}`],
          ["object-changed", "spec.replicas 0"],
        ],
      );
      await scale(1);
      await podReady(patient);
      assert.deepEqual(await patient.ids(), []);
    });

    async function scale(replicas: number): Promise<void> {
      const apps = cluster.config.makeApiClient(AppsV1Api);
      const target = { namespace: patient.name, name: patient.release };
      const current = await apps.readNamespacedStatefulSetScale(target);
      const body = { ...current, spec: { replicas } };
      await apps.replaceNamespacedStatefulSetScale({ ...target, body });
    }

    itExhaustive("finds what prevents the pod, and removes it", async () => {
      const { name: namespace, pod } = patient;
      const name = "small";
      const spec = { hard: { "requests.cpu": "500m" } };
      await cluster.core.createNamespacedResourceQuota({
        namespace,
        body: { metadata: { name }, spec },
      });
      await waitFor(
        async () => {
          const quota = await cluster.core.readNamespacedResourceQuota({ namespace, name });
          return quota.status?.used?.["requests.cpu"] !== undefined;
        },
        { what: "the quota's use", timeout: 60_000 },
      );
      await cluster.core.deleteNamespacedPod({ namespace, name: pod });
      await waitFor(async () => (await patient.ids()).includes("pod-obstacle"), {
        what: "an event of the quota",
        timeout: 120_000,
      });
      const found = (await patient.problems()).find(({ id }) => id === "pod-obstacle");
      assert.equal(found?.subject, "quota");
      assert.match(found.seen, /^The ResourceQuota small .*FailedCreate.*exceeded quota: small/);
      await patient.fix("pod-obstacle");
      await podReady(patient);
      await cluster.core.deleteNamespacedResourceQuota({ namespace, name });
    });

    itExhaustive("reports what it omitted from many revisions", async () => {
      const { name: namespace } = patient;
      const [deployed] = (
        await cluster.core.listNamespacedSecret({ namespace, labelSelector: "owner=helm" })
      ).items;
      const { metadata, data } = deployed ?? assert.fail("there is no release");
      const names = Array.from({ length: 15 }, (_, index) => `${metadata?.name ?? ""}-${index}`);
      for (const name of names) {
        const labels = { ...metadata?.labels, version: "0", status: "superseded" };
        await cluster.core.createNamespacedSecret({
          namespace,
          body: { metadata: { name, labels }, data: data ?? {} },
        });
      }
      const { findings } = await patient.report();
      const left = findings.find(({ id }) => id === "left-out");
      assert.match(left?.seen ?? "", /^omitted: \d+ older revisions of the \d+ /);
      for (const name of names) {
        await cluster.core.deleteNamespacedSecret({ namespace, name });
      }
    });

    it("finds a pod that crashes, with its container's previous log, and one with older settings", async () => {
      const log = await patient.log();
      const line = issuerLine("log-email");
      log.write([{ text: line }]);
      log.restart();
      log.write([{ text: finalCommand("https://pebble.sandbox.internal/dir") }]);
      await cluster.setPodStatus(patient.name, patient.pod, (status) => ({
        ...status,
        conditions: [{ type: "Ready", status: "False", reason: "ContainersNotReady" }],
        containerStatuses: (status.containerStatuses ?? []).map((container) => ({
          ...container,
          ready: false,
          restartCount: 3,
          state: { waiting: { reason: "CrashLoopBackOff", message: "back-off 40s" } },
          lastState: {
            terminated: { exitCode: 1, reason: "Error", finishedAt: new Date() },
          },
        })),
      }));
      await annotatePod(patient, { "checksum/cm-letsencrypt": "of-before" });

      const problems = await patient.problems();
      const seen = Object.fromEntries(problems.map(({ id, seen }) => [id, seen]));
      assert.deepEqual(
        problems.map(({ severity, id }) => `${severity} ${id}`),
        ["error pod-not-ready", "warning pod-restarted", "warning pod-outdated", "error log-email"],
      );
      assert.equal(seen["pod-not-ready"], "Running: CrashLoopBackOff: back-off 40s");
      assert.match(
        seen["pod-restarted"] ?? "",
        /^3 restarts; last termination: Error \(exit code 1\)/,
      );
      assert.match(seen["pod-outdated"] ?? "", /^checksum\/cm-letsencrypt with other content$/);
      assert.equal(seen["log-email"], line);

      await patient.fix("pod-outdated");
      await podReady(patient);
      assert.deepEqual(await patient.signs(), []);
    });

    itExhaustive("watches until it is interrupted", async () => {
      const child = patient.start("--watch", "--interval=0.1", "--json");
      const lines = createInterface(child.stdout)[Symbol.asyncIterator]();
      const next = async () => {
        const { value } = await lines.next();
        return (JSON.parse(String(value)) as Report).findings.map(({ id }) => id);
      };
      assert(!(await next()).includes("port-80-not-routed"));
      patient.answer = 404;
      assert((await next()).includes("port-80-not-routed"));
      child.kill("SIGINT");
      const [status] = (await once(child, "exit")) as [number];
      assert.equal(status, 2);
      patient.answer = 503;
    });

    it("finds a revision that was left pending, and ends it if nothing else has changed", async () => {
      await cluster.markPending(patient.name);
      const [problem, ...others] = await patient.problems();
      assert.deepEqual(others, []);
      assert.equal(problem?.id, "release-pending");
      assert.match(problem.seen, /revision 2, pending-upgrade/);
      assert.match(problem.command ?? "", /^sleep \d\d && kubectl .* delete secret -l /);
      // An operation that has begun with a longer timeout may still be running.
      const configure = (timeout: string) => {
        patient.workspace.configure(settingsOf(patient.name, { timeout }));
      };
      configure("600");
      assert.match((await patient.problems())[0]?.command ?? "", /^sleep 6\d\d && kubectl /);
      configure("60");
      // No operation is running, so the wait is not necessary.
      await patient.run((problem.command ?? "").replace(/^sleep \d\d && /, ""));
      assert.deepEqual(await patient.signs(), []);

      await cluster.markPending(patient.name, "pending-rollback", 91);
      await patient.fix("release-pending");
      assert.deepEqual(await patient.signs(), []);
    });

    itExhaustive(
      "finds a first revision that was left pending, and deploys the release again",
      async () => {
        const begin = (text: string) =>
          text.replace('"status":"deployed"', '"status":"pending-install"');
        await cluster.rewriteRevision(patient.name, begin, 91);
        const [problem] = await patient.problems();
        assert.equal(problem?.id, "release-pending");
        assert.equal(problem.seen, "revision 1, pending-install");
        await patient.fix("release-pending");
        await podReady(patient);
        assert.deepEqual(await patient.signs(), []);
      },
    );

    it("finds a changed or deleted wallet, and restores the stack's", async () => {
      const target = { namespace: patient.name, name: `${patient.release}-keys` };
      const secret = await cluster.core.readNamespacedSecret(target);
      const password = Buffer.from("of somebody else").toString("base64");
      const body = { ...secret, data: { ...secret.data, "key-pass.txt": password } };
      await cluster.core.replaceNamespacedSecret({ ...target, body });
      assert.deepEqual(await patient.signs(), ["error wallet-another"]);
      await patient.fix("wallet-another");
      await podReady(patient);
      assert.deepEqual(await patient.signs(), []);
      await cluster.core.deleteNamespacedSecret(target);
      assert.deepEqual(await patient.signs(), ["error wallet-missing"]);
      await patient.fix("wallet-missing");
      assert.deepEqual(await patient.signs(), []);
      const restored = await cluster.core.readNamespacedSecret(target);
      assert.deepEqual(restored.data, secret.data);
    });

    itExhaustive("finds additions to an object, and removes them", async () => {
      const { name, release } = patient;
      await patient.run(
        `kubectl -n ${name} set env statefulset/${release} OF_SOMEBODY=1 OF_ANOTHER=2 && kubectl -n ${name} scale statefulset/${release} --replicas=0`,
      );
      const [changed] = (await patient.problems()).filter(({ id }) => id === "object-changed");
      assert.equal(
        changed?.seen,
        [
          "spec.replicas 0",
          ...["OF_SOMEBODY", "OF_ANOTHER"].map(
            (name, index) =>
              `spec.template.spec.containers[provider].env[${name}] ${JSON.stringify({ name, value: `${index + 1}` })}`,
          ),
        ].join("\n"),
      );
      await patient.fix("object-changed");
      await podReady(patient);
      assert.deepEqual(await patient.signs(), []);
    });

    itExhaustive("prints the command for another e-mail address", async () => {
      const log = await patient.log();
      log.write([{ text: issuerLine("log-email") }]);
      assert.deepEqual(await patient.signs(), ["error log-email"]);
      await patient.fix("log-email");
      const { data } = await cluster.core.readNamespacedConfigMap({
        namespace: patient.name,
        name: `${patient.release}-letsencrypt`,
      });
      assert.equal(data?.AP_CERT_ISSUER_EMAIL, "you@example.com");
      patient.workspace.configure(settingsOf(patient.name, {}));
      await patient.workspace.up();
      await podReady(patient);
      log.write([certificateCame]);
      assert.deepEqual(await patient.signs(), []);
    });

    itExhaustive("prints the command for another CA", async () => {
      const log = await patient.log();
      log.write([{ text: issuerLine("log-account-binding") }]);
      assert.deepEqual(await patient.signs(), ["error log-account-binding"]);
      await patient.fix("log-account-binding");
      const { data } = await cluster.core.readNamespacedConfigMap({
        namespace: patient.name,
        name: `${patient.release}-letsencrypt`,
      });
      assert.equal(data?.AP_CERT_ISSUER_CA_DIR_URL, letsEncryptDirectory.production);
      patient.workspace.configure(settingsOf(patient.name, {}));
      await patient.workspace.up();
      await podReady(patient);
      log.write([certificateCame]);
      assert.deepEqual(await patient.signs(), []);
    });

    itExhaustive("finds a release whose records are missing, and deploys it again", async () => {
      const helm = { namespace: patient.name, labelSelector: "owner=helm" };
      await cluster.core.deleteCollectionNamespacedSecret(helm);
      assert((await patient.signs()).includes("error release-missing"));
      await patient.fix("release-missing");
      await podReady(patient);
      assert.deepEqual(await patient.signs(), []);
    });

    it("finds a rollback that has failed, and deploys the stack's settings again", async () => {
      patient.workspace.configure(settingsOf(patient.name, { email: otherEmail }));
      await patient.workspace.up();
      await podReady(patient);
      const log = await patient.log();
      log.write([{ text: finalCommand("https://pebble.sandbox.internal/dir", otherEmail) }]);
      assert.deepEqual(await patient.signs(), []);
      // Too short for the replacement of a pod.
      const rollback = `helm -n ${patient.name} rollback ${patient.release} --wait --timeout 1s`;
      await assert.rejects(patient.run(rollback), /context deadline exceeded/);
      const failure = (await patient.problems()).find(({ id }) => id === "release-failed");
      assert.match(failure?.seen ?? "", /^revision \d, failed: /);
      await patient.fix("release-failed");
      await podReady(patient);
      assert.deepEqual(await patient.signs(), []);
    });

    it("finds a release that was rolled back, and deploys the stack's settings again", async () => {
      await patient.run(`helm -n ${patient.name} rollback ${patient.release} 1`);
      await podReady(patient);
      const problems = await patient.problems();
      assert.deepEqual(
        problems.map(({ severity, id, expected }) => [severity, id, expected]),
        [
          ["warning", "release-changed-elsewhere", `revision ${await deployedByStack()}`],
          ["error", "setting-differs", `AP_CERT_ISSUER_EMAIL ${otherEmail}`],
        ],
      );
      await patient.fix("setting-differs");
      await podReady(patient);
      assert.deepEqual(await patient.signs(), []);
      (await patient.log()).write([{ text: finalCommand("https://pebble.sandbox.internal/dir") }]);
      patient.workspace.configure(settingsOf(patient.name, {}));
      await patient.workspace.up();
      await podReady(patient);
    });

    async function deployedByStack(): Promise<number> {
      const { revision } = await patient.workspace.outputs();
      return Number(revision);
    }

    it("checks the chart's version, and whether it was repaired", async () => {
      const version = (text: string) => (chart: string) =>
        chart.replace(/"version":"19\.0\.2[^"]*"/, `"version":"${text}"`);
      for (const [change, sign] of [
        [version("11.6.0"), "error chart-unsupported"],
        [version("99.0.0"), "info chart-untried"],
        [
          (text: string) => text.replace(/\\"repairs\\":\\"[^"]*\\"|repairs\\*":\\*"[^"\\]*/g, ""),
          "error chart-unrepaired",
        ],
      ] as const) {
        const restore = await cluster.rewriteRevision(patient.name, change);
        const signs = await patient.signs();
        assert(signs.includes(sign), `${sign}: ${signs.join()}`);
        await restore();
      }
      assert.deepEqual(await patient.signs(), []);
    });

    it("distinguishes what responds on port 80", async () => {
      for (const [answer, id, status] of [
        [404, "port-80-not-routed", 2],
        [301, "port-80-redirected", 1],
        [200, "port-80-foreign", 1],
      ] as const) {
        patient.answer = answer;
        const report = await patient.report();
        assert.equal(report.status, status);
        assert(
          report.findings.some((finding) => finding.id === id),
          id,
        );
      }
      patient.answer = 503;
      const closed = `--resolve=${patient.host}:80=127.0.0.1:1`;
      assert.deepEqual(await patient.ids(closed), ["port-80-closed"]);
    });

    it("finds a route that the Gateway has refused, or whose target is missing", async () => {
      const custom = cluster.config.makeApiClient(CustomObjectsApi);
      const route = {
        ...gatewayRoutes,
        namespace: patient.name,
        name: `${patient.release}-letsencrypt-challenge`,
      };
      interface RouteStatus {
        readonly parents: readonly { readonly conditions: readonly { readonly type: string }[] }[];
      }
      const set = async (type: string, reason: string) => {
        const live = (await custom.getNamespacedCustomObject(route)) as { status: RouteStatus };
        const parents = live.status.parents.map((parent) => ({
          ...parent,
          conditions: parent.conditions.map((condition) =>
            condition.type === type ? { ...condition, status: "False", reason } : condition,
          ),
        }));
        const body = { ...live, status: { parents } };
        await custom.replaceNamespacedCustomObjectStatus({ ...route, body });
      };
      await set("ResolvedRefs", "BackendNotFound");
      assert.deepEqual(await patient.signs(), ["error route-unresolved"]);
      await set("Accepted", "NotAllowedByListeners");
      const [problem, ...others] = await patient.problems();
      assert.deepEqual(others, []);
      assert.equal(problem?.id, "route-not-accepted");
      assert.equal(problem.expected, "Accepted by akash-gateway/akash-gateway");
      assert.equal(problem.seen, "Accepted False, NotAllowedByListeners");

      const live = (await custom.getNamespacedCustomObject(route)) as object;
      const body = { ...live, status: { parents: [] } };
      await custom.replaceNamespacedCustomObjectStatus({ ...route, body });
      await waitFor(async () => (await patient.signs()).length === 0, {
        what: "the Gateway's word",
        timeout: 30_000,
      });
    });

    it("finds missing DNS records", async () => {
      const host = `${patient.host}.`;
      const clear = () => patient.dns("clear-a", { host });
      await clear();
      await patient.dns("add-a", { host, addresses: ["10.1.2.3"] });
      assert.deepEqual(await patient.signs(), ["warning host-private"]);
      await clear();
      // Other tests in this sandbox require that every name resolves to an address.
      await patient.dns("set-default-ipv4", { ip: "" });
      try {
        assert.deepEqual(await patient.signs(), ["error host-missing", "warning ingress-missing"]);
      } finally {
        await patient.dns("set-default-ipv4", { ip: "127.0.0.1" });
      }
      await patient.publish();
      await patient.dns("add-aaaa", { host, addresses: ["2001:db8::10"] });
      try {
        // The address is from the documentation range (RFC 3849), where nothing responds on 80 and 8443.
        assert.deepEqual(await patient.signs(), [
          "info host-ipv6",
          "warning address-unreachable",
          "warning address-unreachable",
        ]);
      } finally {
        await patient.dns("clear-aaaa", { host });
      }
    });

    it("distinguishes a host that is unreachable from here from a closed one, by a check from inside", async () => {
      const [own] = Object.values(networkInterfaces())
        .flatMap((addresses) => addresses ?? [])
        .filter(({ internal, family }) => !internal && family === "IPv4");
      assert(own, "this machine has an address");
      // Some networks accept every connection to the outside. Nothing listens at this address of the machine
      // itself.
      const host = `${patient.host}.`;
      await patient.dns("clear-a", { host });
      await patient.dns("add-a", { host, addresses: ["127.0.0.9"] });
      const closed = ["warning host-private", "error port-80-closed", "error port-8443-closed"];
      assert.deepEqual(await patient.signsUntold(), closed);
      const before = await cluster.pod(patient.name, patient.pod);
      const at = async (podIP: string | undefined, podIPs: { ip: string }[] | undefined) => {
        await cluster.setPodStatus(patient.name, patient.pod, (status) => ({
          ...status,
          ...(podIP !== undefined && { podIP }),
          ...(podIPs !== undefined && { podIPs }),
        }));
      };
      const service = { namespace: patient.name, name: patient.release };
      const { spec } = await cluster.core.readNamespacedService(service);
      const select = async (selector: Record<string, string> | undefined, leadsTo: string[]) => {
        const body = await cluster.core.readNamespacedService(service);
        await cluster.core.replaceNamespacedService({
          ...service,
          body: { ...body, spec: { ...body.spec, ...(selector && { selector }) } },
        });
        await waitFor(async () => isDeepStrictEqual(await endpoints(patient), leadsTo), {
          what: `the Service leads to ${leadsTo.join() || "nothing"}`,
          timeout: 30_000,
        });
      };
      const end = await patient.serveInside(own.address, 8443);
      try {
        await at(own.address, [{ ip: own.address }]);
        await select(spec?.selector, [own.address]);
        assert.deepEqual(await patient.signsUntold(), [
          "warning host-private",
          "warning port-80-unseen",
          "warning port-8443-unseen",
        ]);
        await select({ ...spec?.selector, "example.test/none": "has-it" }, []);
        assert.deepEqual(await patient.signsUntold(), [
          "warning host-private",
          "warning port-80-unseen",
          "error service-leads-nowhere",
        ]);
      } finally {
        end();
        await select(spec?.selector, [own.address]);
        await patient.dns("clear-a", { host });
        await patient.publish();
        await at(before?.status?.podIP, before?.status?.podIPs);
      }
    });

    it("distinguishes the records of this network's DNS from those of public DNS", async () => {
      const answers = { [patient.host]: "192.168.1.10" };
      const network = await startAddressServer((name) => answers[name] ?? "203.0.113.10");
      try {
        assert.deepEqual(await patient.signsWithin(network.address), ["info host-split"]);
        assert.deepEqual(await patient.signsWithin(network.address, "--dns-server", "1.1.1.1"), []);
      } finally {
        network.close();
      }
    });

    it("finds an unreachable address beside a reachable one", async () => {
      const host = `${patient.host}.`;
      await patient.dns("add-aaaa", { host, addresses: ["2001:db8::10"] });
      const told = [
        "--resolve=[2001:db8::10]=127.0.0.1:1",
        `--resolve=203.0.113.10=127.0.0.1:${patient.apiPort}`,
      ];
      assert.deepEqual(await patient.signs(...told), [
        "info host-ipv6",
        "warning address-unreachable",
        "warning address-unreachable",
      ]);
      await patient.dns("clear-aaaa", { host });
    });

    it("finds a Cloudflare proxy in front of the provider", async () => {
      patient.apiHeaders = { server: "cloudflare", "cf-ray": "8f0a-FRA" };
      assert.deepEqual(await patient.signs(), ["error cloudflare-proxy"]);
      patient.apiHeaders = {};
      assert.deepEqual(await patient.signs(), []);
    });

    itExhaustive("finds CAA records that forbid Let's Encrypt", async () => {
      patient.workspace.configure(settingsOf(patient.name, { acmeDirectory: "staging" }));
      await patient.workspace.up();
      await podReady(patient);
      assert.deepEqual(await patient.signs(), [
        "error command-differs",
        "warning certificate-issuer",
      ]);
      const log = await patient.log();
      log.write([{ text: finalCommand(letsEncryptDirectory.staging) }]);
      await serveOf(patient, letsEncryptStaging, until(60));
      // No certificate that is created here chains to Let's Encrypt's published roots.
      assert.deepEqual(await patient.signs(), ["error certificate-root-unknown"]);
      patient.trust(stagingRoot);
      assert.deepEqual(await patient.signs(), []);

      const host = `${patient.domain}.`;
      for (const [value, sign] of [
        ["other.test", "error caa-forbids"],
        ["letsencrypt.org; validationmethods=dns-01", "error caa-method"],
        ["letsencrypt.org; accounturi=https://ca.test/acct/1", "info caa-account"],
      ] as const) {
        await patient.dns("add-caa", { host, policies: [{ tag: "issue", value }] });
        assert.deepEqual(await patient.signs(), [sign]);
        await patient.dns("clear-caa", { host });
      }
    });

    itExhaustive("finds a certificate of the production CA on a staging stack", async () => {
      patient.trust(root);
      await serveOf(patient, letsEncrypt, until(60));
      assert.deepEqual(await patient.signs(), ["warning certificate-production"]);
    });
  });

  describeExhaustive("on a production stack with an Ingress", () => {
    let patient: ExaminedProvider;
    /** Serves a certificate that expires in this many days, and lives for this many in total. */
    const serve = (days: number, life = days + 1) =>
      serveOf(patient, letsEncrypt, until(days, life));

    before(async () => {
      patient = await admit(sandbox, "doctor-prod", {
        acmeDirectory: "production",
        ingress: { mode: "ingress" },
      });
      await patient.publish();
      patient.trust(root);
      await serve(60);
      (await patient.log()).write([{ text: finalCommand(letsEncryptDirectory.production) }]);
    });

    it("finds nothing where all is well", async () => {
      assert.deepEqual(await patient.signs(), []);
    });

    it("finds that 8443 is closed, or serves another certificate", async () => {
      const closed = `--resolve=${patient.host}:8443=127.0.0.1:1`;
      assert.deepEqual(await patient.signs(closed), ["error port-8443-closed"]);

      await serveOf(patient, letsEncryptStaging, until(60));
      const [staging] = await patient.problems();
      assert.equal(staging?.id, "certificate-staging");
      assert.match(staging.seen, /\(STAGING\)/);

      patient.serve(await createSelfSigned("akash1qypqxpq9qcrsszg2pvxq6rs0zqg3yyc5lzv7xu"));
      const [chain, ...others] = await patient.problems();
      assert.deepEqual(others, []);
      assert.equal(chain?.id, "certificate-chain");
      assert.equal(chain.expected, `a certificate from ${letsEncryptDirectory.production}`);

      const authority = await createAuthority("Another CA");
      patient.serve(await authority.server("other.test", ["other.test"]));
      const problems = await patient.problems();
      assert.deepEqual(
        problems.map(({ id, expected }) => [id, expected]),
        [
          ["certificate-issuer", "Let's Encrypt"],
          ["certificate-chain-incomplete", "also the certificate of CN=Another CA"],
          ["certificate-name", patient.host],
        ],
      );
    });

    it("identifies the certificate's issuer by the signature, regardless of the names", async () => {
      const host = patient.host;
      const own = await letsEncrypt.server(host, [host], until(60));
      patient.serve(own);
      const [missing, ...others] = await patient.problems();
      assert.deepEqual(others, []);
      assert.equal(missing?.id, "certificate-chain-incomplete");
      assert.equal(missing.seen, "the certificate alone, issued by CN=E7, O=Let's Encrypt");

      const forgedRoot = await createAuthority("Root X1", "Internet Security Research Group");
      const forged = await forgedRoot.intermediate("E7", "Let's Encrypt");
      patient.serve(chained(await forged.server(host, [host], until(60)), forged, forgedRoot));
      const [lookAlike, ...more] = await patient.problems();
      assert.deepEqual(more, []);
      assert.equal(lookAlike?.id, "certificate-root-unknown");
      assert.match(
        lookAlike.seen,
        /^3 certificates, the last issued by CN=Root X1, O=Internet Security/,
      );

      patient.serve(await createSelfSigned("E7", "Let's Encrypt", host));
      assert.deepEqual(await patient.ids(), ["certificate-self-signed"]);

      const past = { notBefore: new Date(0), notAfter: new Date(Date.now() - day) };
      const ended = await root.intermediate("E7", "Let's Encrypt", past);
      patient.serve(chained(await ended.server(host, [host], until(60)), ended));
      assert.deepEqual(await patient.ids(), ["certificate-chain-expired"]);
      await serve(60);
      assert.deepEqual(await patient.signs(), []);
    });

    it("finds a certificate that is not valid yet", async () => {
      const soon = {
        notBefore: new Date(Date.now() + day),
        notAfter: new Date(Date.now() + 90 * day),
      };
      await serveOf(patient, letsEncrypt, soon);
      const [problem, ...others] = await patient.problems();
      assert.deepEqual(others, []);
      assert.equal(problem?.id, "certificate-not-yet-valid");
      await serve(60);
    });

    it("reports when the certificate expires, and when a restart renews it", async () => {
      for (const [days, sign] of [
        [7, "info renewal-soon"],
        [0.9, "warning renewal-due"],
        [-0.1, "error certificate-expired"],
      ] as const) {
        await serve(days, 90);
        assert.deepEqual(await patient.signs(), [sign]);
      }
      await serve(0.9);
      const line = `failed to renew certificate for ${patient.host}: error`;
      const log = await patient.log();
      log.write([{ text: line }]);
      assert.deepEqual(await patient.signs(), ["error log-renewal-failed", "error renewal-failed"]);
      log.write([certificateCame]);
      await serve(60);
      assert.deepEqual(await patient.signs(), []);
    });

    it("finds a probe that would not retry a renewal, and restores it", async () => {
      const apps = cluster.config.makeApiClient(AppsV1Api);
      const target = { namespace: patient.name, name: patient.release };
      const set = await apps.readNamespacedStatefulSet(target);
      const exec = set.spec?.template.spec?.containers[0]?.livenessProbe?.exec;
      assert(exec?.command);
      // The chart's own command follows the check.
      exec.command = exec.command.slice(-3);
      await apps.replaceNamespacedStatefulSet({ ...target, body: set });
      await podReady(patient);
      assert((await patient.signs()).includes("warning renewal-retry-missing"));
      await patient.fix("renewal-retry-missing");
      await podReady(patient);
      assert.deepEqual(await patient.signs(), []);
    });

    it("reports the certificate's expiry to Prometheus, with the exit code of a report", async () => {
      await serve(0.9, 90);
      const { status, stdout } = await patient.doctor("--openmetrics");
      assert.equal(status, 1);
      const metrics = await readOpenMetrics(stdout);
      const labels = { stack: patient.name, host: patient.host };
      const [ends] = metrics.get("akash_provider_certificate_expiry_timestamp_seconds") ?? [];
      assert.deepEqual(ends?.labels, labels);
      assert(Math.abs((ends?.value ?? 0) * 1_000 - (Date.now() + 0.9 * day)) < 10 * 60_000);
      assert.deepEqual(metrics.get("akash_provider_doctor_findings"), [
        { labels: { ...labels, id: "renewal-due", severity: "warning" }, value: 1 },
      ]);
      await serve(60);
    });

    it("counts the certificates of a week, for the name and for the registered domain", async () => {
      const extensions = cluster.config.makeApiClient(ApiextensionsV1Api);
      const { group, plural, version } = orderResource;
      const name = `${plural}.${group}`;
      const anything = { type: "object", x_kubernetes_preserve_unknown_fields: true };
      await extensions.createCustomResourceDefinition({
        body: {
          metadata: { name },
          spec: {
            group,
            names: { kind: "Order", plural },
            scope: "Namespaced",
            versions: [
              {
                name: version,
                served: true,
                storage: true,
                schema: {
                  openAPIV3Schema: {
                    type: "object",
                    properties: { spec: anything, status: anything },
                  },
                },
              },
            ],
          },
        },
      });
      const custom = cluster.config.makeApiClient(CustomObjectsApi);
      const order = (at: number) => ({
        apiVersion: `${group}/${version}`,
        kind: "Order",
        metadata: { name: `tenant-${at}` },
        spec: { dnsNames: [`${at}.ingress.${patient.domain}`] },
        status: { state: "valid", url: `https://acme-v02.api.letsencrypt.org/acme/order/1/${at}` },
      });
      const target = { ...orderResource, namespace: patient.name };
      const create = (at: number) =>
        custom.createNamespacedCustomObject({ ...target, body: order(at) });
      await waitFor(() => create(0), { what: "the type of the orders", timeout: 30_000 });
      await Promise.all(Array.from({ length: 43 }, (_, at) => create(at + 1)));
      const [domain, ...others] = await patient.problems();
      assert.deepEqual(others, []);
      assert.equal(domain?.id, "rate-limit-domain");
      assert.equal(domain.severity, "warning");
      assert.equal(domain.seen, "45 known orders in a week under example.test");
      await extensions.deleteCustomResourceDefinition({ name });
      const gone = async () =>
        (await cluster.get("apiextensions.k8s.io/v1", "CustomResourceDefinition", name)) ===
        undefined;
      await waitFor(gone, { what: "the end of the orders", timeout: 30_000 });

      const ago = (days: number) => ({
        ...certificateCame,
        time: new Date(Date.now() - days * day),
      });
      (await patient.log()).write([ago(8), ago(3), ago(2), ago(1)]);
      const [near, ...more] = await patient.problems();
      assert.deepEqual(more, []);
      assert.equal(near?.id, "rate-limit-near");
      assert.equal(near.severity, "warning");
      assert.equal(near.seen, "4 known orders in a week");
    });

    itExhaustive("finds an Ingress without a controller", async () => {
      const networking = cluster.config.makeApiClient(NetworkingV1Api);
      const target = {
        namespace: patient.name,
        name: `${patient.release}-letsencrypt-challenge`,
      };
      const setClass = async (ingressClassName: string) => {
        const { spec, ...ingress } = await networking.readNamespacedIngress(target);
        const body = { ...ingress, spec: { ...spec, ingressClassName } };
        await networking.replaceNamespacedIngress({ ...target, body });
      };
      await setClass("nobody");
      const signs = ["warning object-changed", "warning rate-limit-near"];
      assert.deepEqual(await patient.signs(), [signs[0], "error ingress-class-missing", signs[1]]);
      await networking.createIngressClass({
        body: { metadata: { name: "nobody" }, spec: { controller: "example.test/nobody" } },
      });
      const ingress = await networking.readNamespacedIngress(target);
      await networking.replaceNamespacedIngressStatus({
        ...target,
        body: { ...ingress, status: {} },
      });
      assert.deepEqual(await patient.signs(), [
        signs[0],
        "warning ingress-without-address",
        signs[1],
      ]);
      await networking.deleteIngressClass({ name: "nobody" });
      await patient.fix("object-changed");
    });

    itExhaustive("finds a home that is lost in a restart", async () => {
      const apps = cluster.config.makeApiClient(AppsV1Api);
      const target = { namespace: patient.name, name: patient.release };
      const { metadata, spec } = await apps.readNamespacedStatefulSet(target);
      assert(spec?.template.spec);
      await apps.deleteNamespacedStatefulSet(target);
      const isGone = async () => (await cluster.pod(patient.name, patient.pod)) === undefined;
      await waitFor(isGone, { what: "the end of the pod", timeout: 60_000 });
      const { name, labels = {}, annotations = {} } = metadata ?? {};
      const { volumes = [] } = spec.template.spec;
      spec.template.spec.volumes = [
        ...volumes.filter((volume) => volume.name !== "home"),
        { name: "home", emptyDir: {} },
      ];
      await apps.createNamespacedStatefulSet({
        namespace: patient.name,
        body: {
          metadata: { name: name ?? "", labels, annotations },
          spec: { ...spec, volumeClaimTemplates: [] },
        },
      });
      await podReady(patient);
      const signs = await patient.signs();
      assert(signs.includes("error home-not-persistent"), signs.join());
      await patient.fix("home-not-persistent");
      const gone = ["home-not-persistent", "object-changed"];
      await waitFor(async () => !(await patient.ids()).some((id) => gone.includes(id)), {
        what: "the pod with its claim",
        timeout: 60_000,
      });
    });
  });

  describe("on a stack with DNS-01 through Google Cloud", () => {
    let patient: ExaminedProvider;

    before(async () => {
      patient = await admit(sandbox, "doctor-google", {
        challenge: "dns-01",
        dns: { provider: "googleCloud", project: "sandbox-project", proofTimeout: 20 },
      });
      await patient.issue();
      await patient.publish();
    });

    it("finds nothing where all is well, and proves the credential when asked", async () => {
      assert.deepEqual(await patient.signs("--prove"), []);
      const { findings } = await patient.report("--prove");
      const credential = findings.find(({ id }) => id === "credential");
      assert.equal(credential?.seen, "a TXT record was written, read back and deleted");
      assert.deepEqual((await clouds.google()).txt, []);
      assert.deepEqual(
        findings.filter(({ group, severity }) => group === "Credential" && severity !== "ok"),
        [],
      );
    });

    it("explains the issuer's errors in the log", async () => {
      const known = Object.keys(issuerLines);
      const strange = "[host] acme: something of tomorrow";
      const question = `[INFO] [${patient.host}] acme: Obtaining bundled SAN certificate`;
      const time = new Date(Date.now() - 60 * 60 * 1_000);
      const log = await patient.log();
      // In the format of the provider's logger for a terminal.
      const coloured = (text: string) => `\u001b[90m${text}\u001b[0m`;
      log.write([
        ...known.map((id) => ({ text: coloured(issuerLine(id)) })),
        { text: `[WARN] ${strange}` },
        { text: question, time },
      ]);
      const problems = await patient.problems();
      assert.deepEqual(
        problems.map(({ id, severity, seen }) => [id, severity, seen]),
        [
          ...issuerErrors.map(({ id, severity }) => [id, severity, issuerLine(id).trim()]),
          ["log-unknown", "warning", `[WARN] ${strange}`],
          ["log-silent", "warning", `no line since ${time.toISOString()}: ${question}`],
        ],
      );
      (await patient.log()).write([certificateCame]);
    });

    itExhaustive("finds settings that the published chart would set in the pod", async () => {
      await editSettings(patient, {
        AP_CERT_ISSUER_DNS_PROVIDERS: "googleCloud",
        AP_CERT_ISSUER_HTTP_CHALLENGE_PORT: "5002",
      });
      assert.deepEqual(await patient.signs(), [
        "warning object-changed",
        "error dns-provider-name",
        "error http-port-under-dns-01",
      ]);
      await patient.fix("dns-provider-name");
      await podReady(patient);
      assert.deepEqual(await patient.ids(), ["http-port-under-dns-01"]);
      await patient.fix("http-port-under-dns-01");
      await podReady(patient);
      assert.deepEqual(await patient.signs(), []);
    });

    itExhaustive(
      "finds variables that were set manually in the StatefulSet, and removes them",
      async () => {
        const set = [
          "AP_CERT_ISSUER_EMAIL=other@example.test",
          "AP_CERT_ISSUER_HTTP_CHALLENGE_PORT=1",
        ];
        const { name, release } = patient;
        await patient.run(`kubectl -n ${name} set env statefulset/${release} ${set.join(" ")}`);
        const wanted = ["setting-differs", "http-port-under-dns-01"];
        const seen = async () => (await patient.ids()).filter((id) => wanted.includes(id));
        await waitFor(async () => (await seen()).length === wanted.length, {
          what: "the pod with the variables",
          timeout: 60_000,
        });
        for (const id of wanted) {
          await patient.fix(id);
          await waitFor(async () => !(await seen()).includes(id), {
            what: `the end of ${id}`,
            timeout: 60_000,
          });
        }
        await podReady(patient);
        assert.deepEqual(await patient.ids(), []);
      },
    );

    itExhaustive("finds a pod with another credential than the Secret's", async () => {
      await annotatePod(patient, { "checksum/dns-credential": "0123456789abcdef" });
      assert.deepEqual(await patient.signs(), [
        "warning pod-outdated",
        "error credential-not-in-use",
      ]);
      await patient.fix("credential-not-in-use");
      await podReady(patient);
      assert.deepEqual(await patient.signs(), []);
    });

    itExhaustive("reports on GKE that the key can be deleted", async () => {
      const node = await cluster.core.readNode({ name: "sandbox" });
      const label = async (labels: Readonly<Record<string, string>>) => {
        const { metadata, ...live } = await cluster.core.readNode({ name: "sandbox" });
        const body = { ...live, metadata: { ...metadata, labels } };
        await cluster.core.replaceNode({ name: "sandbox", body });
      };
      const labels = node.metadata?.labels ?? {};
      await label({ ...labels, "cloud.google.com/gke-nodepool": "default" });
      assert.deepEqual(await patient.signs(), ["info credential-avoidable"]);
      await label(labels);
    });

    itExhaustive("finds a second key, and a grant on the whole project", async () => {
      const [email = ""] = (await clouds.google()).accounts;
      const made = await google<{ readonly name: string }>(
        `/v1/projects/-/serviceAccounts/${email}/keys`,
        {},
      );
      const member = `serviceAccount:${email}`;
      await google("/v1/projects/sandbox-project:setIamPolicy", {
        policy: { bindings: [{ role: "roles/dns.admin", members: [member] }] },
      });
      assert.deepEqual(await patient.ids(), ["credential-spare", "credential-wide"]);
      await google("/v1/projects/sandbox-project:setIamPolicy", { policy: { bindings: [] } });
      await clouds.revoke("google", made.name.split("/").at(-1) ?? "");
      assert.deepEqual(await patient.ids(), []);
    });

    itExhaustive(
      "finds an alias of the challenge's name, and whether it points outside the zone",
      async () => {
        const host = `_acme-challenge.${patient.host}.`;
        await patient.dns("set-cname", { host, target: "elsewhere.other.test." });
        assert.deepEqual(await patient.signs(), ["error challenge-delegated-elsewhere"]);
        await patient.dns("set-cname", { host, target: "challenges.example.test." });
        assert.deepEqual(await patient.signs(), ["info challenge-delegated"]);
        await patient.dns("clear-cname", { host });
      },
    );

    itExhaustive("finds a credential that can read but not write", async () => {
      await clouds.inject("google", { match: "^POST .*/changes$", status: 403, times: 5 });
      const [problem, ...others] = await patient.problems("--prove");
      await clouds.clearFaults();
      assert.deepEqual(others, []);
      assert.equal(problem?.id, "credential-unproven");
      assert.equal(problem.severity, "error");
    });

    it("finds a missing key", async () => {
      const [id = ""] = Object.values((await clouds.google()).keys).flat();
      await clouds.revoke("google", id);
      const [problem, ...others] = await patient.problems();
      assert.deepEqual(others, []);
      assert.equal(problem?.id, "credential-lacking");
      assert.match(problem.seen, /it is deleted or disabled/);
      await patient.fix("credential-lacking");
      assert.deepEqual(await patient.ids("--prove"), []);
    });
  });

  describe("on a stack with DNS-01 through Cloudflare", () => {
    let patient: ExaminedProvider;

    before(async () => {
      patient = await admit(sandbox, "doctor-cf", {
        challenge: "dns-01",
        dns: {
          provider: "cloudflare",
          zone: "example.test",
          proofTimeout: 20,
          maxAgeDays: 60,
          expiresOn: new Date(Date.now() + 90 * day).toISOString().replace(/\.\d+/, ""),
        },
        // The sandbox's issuer uses the host's parent domain as the zone.
        domain: "example.test",
      });
      await patient.issue();
      await patient.publish();
    });

    it("finds nothing where all is well, and proves the credential when asked", async () => {
      assert.deepEqual(await patient.signs("--prove"), []);
      const { findings } = await patient.report("--prove");
      assert.deepEqual(
        findings.filter(({ group, severity }) => group === "Credential" && severity !== "ok"),
        [],
      );
      assert.deepEqual(await clouds.cloudflareTxt(), []);
    });

    it("finds a credential that is old, about to expire, or expired", async () => {
      patient.trust(root);
      await serveOf(patient, letsEncrypt, until(365));
      for (const [days, sign] of [
        [61, "warning credential-old"],
        [80, "warning credential-ending"],
        [91, "error credential-ended"],
      ] as const) {
        assert.deepEqual(await patient.signsIn(days), [sign]);
      }
    });

    itExhaustive("finds a Secret with another token, and a deleted Secret", async () => {
      const namespace = patient.name;
      const name = `${patient.release}-cloudflare-dns`;
      const secret = await cluster.core.readNamespacedSecret({ namespace, name });
      const replace = async (token: string) => {
        const { metadata } = await cluster.core.readNamespacedSecret({ namespace, name });
        const data = { CF_DNS_API_TOKEN: Buffer.from(token).toString("base64") };
        await cluster.core.replaceNamespacedSecret({
          namespace,
          name,
          body: { ...secret, ...(metadata && { metadata }), data },
        });
      };
      await replace("a".repeat(40));
      assert.deepEqual(await patient.ids(), ["secret-another", "credential-lacking"]);
      await patient.fix("secret-another");
      assert.deepEqual(await patient.ids(), []);
      await replace("too-short\n");
      assert.deepEqual(await patient.ids(), ["secret-malformed"]);
      await cluster.core.deleteNamespacedSecret({ namespace, name });
      assert.deepEqual(await patient.ids(), ["secret-missing"]);
      await patient.fix("secret-missing");
      assert.deepEqual(await patient.ids(), []);
    });

    it("finds a missing token", async () => {
      const [token] = await clouds.cloudflareTokens();
      await clouds.revoke("cloudflare", token?.id ?? "");
      assert.deepEqual(await patient.ids(), ["credential-lacking"]);
      await patient.fix("credential-lacking");
      await podReady(patient);
      assert.deepEqual(await patient.ids("--prove"), []);
    });

    itExhaustive(
      "finds a zone that DNS does not use, also if only this network's DNS does not",
      async () => {
        const delegation = { name: "example.test", nameServers: ["ns1.registrar.test"] };
        await clouds.seed("google", { delegations: [delegation] });
        try {
          assert.deepEqual(await patient.signs(), ["error zone-not-asked"]);
          const server = sandbox.environment[dnsServersVariable] ?? "";
          const signs = await patient.signsBehind(server);
          assert(signs.includes("warning zone-perhaps-not-asked"), signs.join());
        } finally {
          await clouds.seed("google", { delegations: [{ name: "example.test" }] });
        }
      },
    );

    it("never shows the credential", async () => {
      const { data } = await cluster.core.readNamespacedSecret({
        namespace: patient.name,
        name: `${patient.release}-cloudflare-dns`,
      });
      const token = Buffer.from(data?.CF_DNS_API_TOKEN ?? "", "base64").toString();
      const operator = sandbox.environment.CLOUDFLARE_API_TOKEN ?? "";
      assert(token.length > 20 && operator.length > 20);
      const assertHidden = async (expected: RegExp) => {
        const { stdout, stderr } = await patient.doctor("--json", "--prove");
        const shown = stdout + stderr;
        assert.match(shown, expected);
        assert(!shown.includes(token) && !shown.includes(operator), "a token is shown");
      };
      await assertHidden(/a TXT record was written/);
      try {
        for (const match of ["/zones", "^GET .*/user/tokens$"]) {
          await clouds.inject("cloudflare", { match, status: 500, echo: true, times: 100 });
          await assertHidden(/Cloudflare responds with 500/);
          await clouds.clearFaults();
        }
      } finally {
        await clouds.clearFaults();
      }
    });

    it("reports a missing stack or cluster in one sentence", async () => {
      const { directory } = patient.workspace;
      const none = await ended(start(sandbox, directory, ["-s", "nobody"]));
      assert.equal(none.status, 3);
      assert.equal(none.stderr, "Stack nobody does not exist. List the stacks: pulumi stack ls\n");

      const kubeconfig = join(directory, "kubeconfig");
      const environment = { KUBECONFIG: kubeconfig };
      const look = () => ended(start(sandbox, directory, ["-s", patient.name], environment));
      const unreadable = await look();
      assert.equal(unreadable.status, 3);
      assert.match(unreadable.stderr, /^The kubeconfig cannot be read \(.*\)\. .*\n$/);
      const present = readFileSync(sandbox.kubeconfig, "utf8");
      writeFileSync(kubeconfig, present.replace(/https:\/\/127.0.0.1:\d+/, "https://127.0.0.1:1"));
      const away = await look();
      assert.equal(away.status, 3);
      assert.match(away.stderr, /^The cluster does not respond \(.*kubectl cluster-info\n$/);
    });
  });

  // After all others: a suite's own tests run before those of nested suites.
  describeExhaustive("as a whole", () => {
    it("has reported every finding that it knows", () => {
      const known = checks
        // Those are tested with cert-manager, in wildcard.test.ts.
        .filter(({ group }) => group !== "Wildcard certificate")
        .flatMap(({ problems }) => problems.map(({ id }) => id));
      assert.deepEqual(
        known.filter((id) => !provoked.has(id)),
        [],
      );
    });

    it("has printed only commands that were run where they were printed", () => {
      const ofTools = /^(?:\w+=\S+ |sleep \d+ && )?(?:kubectl|helm|pulumi|npm) /;
      assert.deepEqual(
        [...commands.given].filter((text) => ofTools.test(text) && !commands.run.has(text)).sort(),
        Object.keys(notRun).sort(),
      );
    });
  });
});
