import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, type Server } from "node:https";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import type { V1StorageClass, V1ValidatingWebhookConfiguration } from "@kubernetes/client-node";
import { createAuthority } from "../../sandbox/cluster/certificates.ts";
import type { Sandbox } from "../../sandbox/cluster/sandbox.ts";
import type { Report } from "../../doctor/report.ts";
import { itExhaustive } from "../support/exhaustive.ts";
import { Cluster, isReady } from "../support/kubernetesObjects.ts";
import { ended, start } from "../support/examinedProvider.ts";
import { programsPath } from "../support/programsPath.ts";
import { testSandbox } from "../support/sandbox.ts";
import { Workspace, type CommandResult, type StackSettings } from "../support/workspace.ts";

/** Helm's timeout in tests where the wait ends earlier, in seconds. */
const long = 600;
const enforce = "pod-security.kubernetes.io/enforce";

/** The time of the update itself, without Pulumi's start and the preview. */
function updateSeconds(output: string): number {
  const [, minutes = "0", seconds] = /^Duration: (?:(\d+)m)?(\d+)s$/m.exec(output) ?? [];
  assert(seconds, output);
  return Number(minutes) * 60 + Number(seconds);
}

describe("a rollout whose pod cannot be created or started", () => {
  let sandbox: Sandbox;
  let cluster: Cluster;
  let path: string;
  const workspaces: Workspace[] = [];

  before(async () => {
    sandbox = await testSandbox();
    cluster = new Cluster(sandbox);
    path = await programsPath(["kubectl"], sandbox.environment.PATH);
  });
  after(async () => {
    for (const workspace of workspaces) {
      await workspace.destroy();
    }
  });

  function settingsOf(name: string, more: StackSettings): StackSettings {
    const place = { namespace: name, releaseName: `${name}-provider` };
    return { ...place, timeout: String(long), ...more };
  }

  /** A stack, with the commands of messages on its PATH. */
  async function stack(name: string, more: StackSettings = {}): Promise<Workspace> {
    const environment = {
      ...sandbox.environment,
      PATH: path,
      PULUMI_SKIP_CONFIRMATIONS: "true",
    };
    const settings = settingsOf(name, more);
    const workspace = await Workspace.create({ ...sandbox, environment }, name, name, settings);
    workspaces.push(workspace);
    return workspace;
  }

  async function namespace(name: string, labels: Record<string, string> = {}): Promise<void> {
    await cluster.core.createNamespace({ body: { metadata: { name, labels } } });
    // A deployment into a new namespace may start before its ServiceAccount exists.
    await cluster.core.listNamespacedServiceAccount({ namespace: name });
  }

  async function failed(workspace: Workspace): Promise<string> {
    const { status, output } = await workspace.pulumi("up", "-s", workspace.stack, "--yes");
    assert.notEqual(status, 0, output);
    assert.doesNotMatch(output, /\n\s+at .*\.[jt]s:/, "a stack trace");
    const seconds = updateSeconds(output);
    assert(seconds < long / 3, `it took ${seconds} s`);
    const looks = output.matchAll(/(?<=: )kubectl (?:-n \S+ )?(?:describe|get) .*$/gm);
    for (const command of new Set([...looks].map(([text]) => text))) {
      await run(workspace, command);
    }
    return output;
  }

  /** No release is left, not even a pending one. */
  async function assertNoRelease(name: string): Promise<void> {
    assert.deepEqual(await cluster.helmHistory(name), []);
  }

  async function assertDeployed({ stack: name }: Workspace): Promise<void> {
    assert(isReady(await cluster.pod(name, `${name}-provider-0`)), "the pod is not ready");
    const history = await cluster.helmHistory(name);
    assert.equal(history.at(-1)?.info.status, "deployed");
  }

  async function run(workspace: Workspace, command: string | undefined): Promise<CommandResult> {
    assert(command);
    const result = await workspace.shell(command);
    assert.equal(result.status, 0, `${command}\n${result.output}`);
    return result;
  }

  describe("for PodSecurity", () => {
    const name = "rollout-security";
    const command = /(kubectl label namespace \S+ \S+ --overwrite) && (pulumi up -s \S+)/;
    let workspace: Workspace;

    it("is refused before Helm begins, in an existing namespace, with commands that deploy it", async () => {
      await namespace(name, { [enforce]: "baseline" });
      workspace = await stack(name);
      const output = await failed(workspace);
      assert.match(output, /The namespace rollout-security does not admit the provider's pod/);
      assert.match(output, /violates PodSecurity "baseline:latest": hostPath volumes/);
      assert.deepEqual((await cluster.core.listNamespacedSecret({ namespace: name })).items, []);
      const { metadata } = await cluster.core.readNamespace({ name });
      assert.equal(metadata?.labels?.[enforce], "baseline");
      await run(workspace, command.exec(output)?.[0]);
      await assertDeployed(workspace);
    });

    itExhaustive("is refused before an upgrade, and the pod keeps running", async () => {
      const before = await cluster.pod(name, `${name}-provider-0`);
      await run(workspace, `kubectl label namespace ${name} ${enforce}=restricted --overwrite`);
      workspace.configure(settingsOf(name, { website: "https://new.example.test" }));
      const output = await failed(workspace);
      assert.match(output, /violates PodSecurity "restricted:latest"/);
      const after = await cluster.pod(name, `${name}-provider-0`);
      assert.equal(after?.metadata?.uid, before?.metadata?.uid);
      await run(workspace, command.exec(output)?.[0]);
      await assertDeployed(workspace);
    });

    it("does not happen in a namespace that the program creates", async () => {
      const made = await stack("rollout-made");
      await made.up();
      const { metadata } = await cluster.core.readNamespace({ name: "rollout-made" });
      assert.equal(metadata?.labels?.[enforce], "privileged");
      await made.succeed("preview", "-s", "rollout-made", "--expect-no-changes");
      await made.succeed("refresh", "-s", "rollout-made", "--yes", "--expect-no-changes");
    });
  });

  it("for a quota is reported and ended within seconds, with the command that raises the quota", async () => {
    const name = "rollout-quota";
    await namespace(name);
    await cluster.core.createNamespacedResourceQuota({
      namespace: name,
      body: { metadata: { name: "small" }, spec: { hard: { "requests.cpu": "500m" } } },
    });
    const workspace = await stack(name);
    const output = await failed(workspace);
    assert.match(output, /The pod rollout-quota-provider-0 cannot start\. The ResourceQuota small/);
    assert.match(
      output,
      /StatefulSet\/rollout-quota-provider: FailedCreate .*: Create Pod .* exceeded quota: small/,
    );
    await assertNoRelease(name);
    const { stdout } = await ended(start(sandbox, workspace.directory, ["-s", name, "--json"]));
    const { host, findings } = JSON.parse(stdout) as Report;
    assert.equal(host, "provider.example.test");
    assert.deepEqual(
      findings.map(({ severity, id, subject }) => [severity, id, subject]),
      [
        ["error", "release-not-deployed", null],
        ["error", "pod-obstacle", "quota"],
      ],
    );
    assert.match(
      findings[0]?.command ?? "",
      /patch resourcequota small .* && pulumi up -s rollout-quota$/,
    );
    await run(workspace, /kubectl \S+ \S+ patch resourcequota .*}'/.exec(output)?.[0]);
    await workspace.up();
    await assertDeployed(workspace);
  });

  itExhaustive(
    "for a quota during an upgrade keeps the previous revision, and is finished by the next up",
    async () => {
      const name = "rollout-upgrade";
      const workspace = await stack(name);
      await workspace.up();
      await cluster.core.createNamespacedLimitRange({
        namespace: name,
        body: {
          metadata: { name: "small" },
          spec: { limits: [{ type: "Container", max: { memory: "5Gi" } }] },
        },
      });
      workspace.configure(
        settingsOf(name, { values: { resources: { limits: { cpu: "2", memory: "6Gi" } } } }),
      );
      const output = await failed(workspace);
      assert.match(
        output,
        /A LimitRange of the namespace forbids the pod \(maximum memory usage.*: kubectl -n \S+ describe limitrange$/m,
      );
      await assertDeployed(workspace);
      workspace.configure(settingsOf(name, { website: "https://new.example.test" }));
      await workspace.up();
      await assertDeployed(workspace);
    },
  );

  describe("for an admission webhook", () => {
    let server: Server;
    let caBundle: string;
    let port: number;
    const type = {
      apiVersion: "admissionregistration.k8s.io/v1",
      kind: "ValidatingWebhookConfiguration",
    };

    before(async () => {
      const authority = await createAuthority("webhook");
      const { certificate, key } = await authority.server("127.0.0.1");
      caBundle = Buffer.from(authority.certificate).toString("base64");
      server = createServer({ cert: certificate, key }, (request, response) => {
        void text(request).then((body) => {
          const { request: asked } = JSON.parse(body) as {
            readonly request: { readonly uid: string };
          };
          const answer = {
            uid: asked.uid,
            allowed: false,
            status: { message: "no pods on Sundays" },
          };
          response.writeHead(200, { "content-type": "application/json" });
          response.end(
            JSON.stringify({
              apiVersion: "admission.k8s.io/v1",
              kind: "AdmissionReview",
              response: answer,
            }),
          );
        });
      });
      server.listen(0, "127.0.0.1");
      await once(server, "listening");
      port = (server.address() as AddressInfo).port;
    });
    after(() => {
      server.close();
      server.closeAllConnections();
    });

    async function admit(name: string, url: string): Promise<void> {
      await cluster.objects.create<V1ValidatingWebhookConfiguration>({
        ...type,
        metadata: { name },
        webhooks: [
          {
            name: "pods.example.test",
            admissionReviewVersions: ["v1"],
            clientConfig: { url, caBundle },
            failurePolicy: "Fail",
            namespaceSelector: { matchLabels: { "kubernetes.io/metadata.name": name } },
            rules: [
              { apiGroups: [""], apiVersions: ["v1"], operations: ["CREATE"], resources: ["pods"] },
            ],
            sideEffects: "None",
          },
        ],
      });
    }

    it("that refuses is reported and ended within seconds, with the webhook's message", async () => {
      const name = "rollout-refused";
      const workspace = await stack(name);
      await admit(name, `https://127.0.0.1:${port}/`);
      const output = await failed(workspace);
      assert.match(
        output,
        /cannot start\. The admission webhook pods\.example\.test refuses the pod \(no pods on Sundays\): kubectl get validating/,
      );
      await assertNoRelease(name);
      await cluster.objects.delete({ ...type, metadata: { name } });
      await workspace.up();
      await assertDeployed(workspace);
    });

    itExhaustive("that is down is reported while Helm waits for the whole timeout", async () => {
      const name = "rollout-down";
      const workspace = await stack(name, { timeout: "45" });
      await admit(name, "https://127.0.0.1:1/");
      const output = await failed(workspace);
      assert.match(
        output,
        /does not start\. The admission webhook pods\.example\.test, which is called for each pod, does not respond \(.*connection refused\)/,
      );
      assert.match(output, /StatefulSet\/rollout-down-provider: FailedCreate .*connection refused/);
      await assertNoRelease(name);
      await cluster.objects.delete({ ...type, metadata: { name } });
      await workspace.up();
      await assertDeployed(workspace);
    });
  });

  describe("for its volume", () => {
    const storage = (name: string) => ({
      attributes: [
        { key: "host", value: "akash" },
        { key: "capabilities/storage/1/class", value: name },
        { key: "capabilities/storage/1/persistent", value: "true" },
      ],
    });

    it("of a missing storage class is reported and ended within seconds, and another class is used", async () => {
      const name = "rollout-class";
      const workspace = await stack(name, storage("beta9"));
      const output = await failed(workspace);
      assert.match(
        output,
        /cannot start\. The storage class beta9 of the home volume's claim does not exist.*: kubectl get storageclasses$/m,
      );
      assert.match(
        output,
        /PersistentVolumeClaim\/home-rollout-class-provider-0: ProvisioningFailed.*"beta9" not found/,
      );
      await assertNoRelease(name);
      workspace.configure(settingsOf(name, storage("beta3")));
      const { output: next } = await workspace.up();
      assert.match(next, /Deleted the claim home-rollout-class-provider-0/);
      await assertDeployed(workspace);
    });

    itExhaustive(
      "that is not provisioned is reported at the end, and works in the next up once it is provisioned",
      async () => {
        const name = "rollout-unbound";
        const unserved: V1StorageClass & { readonly metadata: { readonly name: string } } = {
          apiVersion: "storage.k8s.io/v1",
          kind: "StorageClass",
          metadata: { name: "unserved" },
          provisioner: "example.test/none",
        };
        await cluster.objects.create(unserved);
        const workspace = await stack(name, { ...storage("unserved"), timeout: "20" });
        const output = await failed(workspace);
        assert.match(
          output,
          /The claim of the home volume has no volume yet: kubectl -n rollout-unbound describe pvc/,
        );
        assert.match(
          output,
          /PersistentVolumeClaim\/\S+: ExternalProvisioning.*example\.test\/none/,
        );
        await assertNoRelease(name);
        await cluster.objects.delete(unserved);
        await cluster.objects.create({ ...unserved, provisioner: "sandbox" });
        await workspace.up();
        await assertDeployed(workspace);
      },
    );
  });

  itExhaustive(
    "without a suitable node is reported at the end, with the scheduler's message",
    async () => {
      const name = "rollout-node";
      const workspace = await stack(name, {
        timeout: "40",
        values: { nodeSelector: { "example.test/disk": "none-has-it" } },
      });
      const output = await failed(workspace);
      assert.match(
        output,
        /The pod cannot be scheduled \(0\/1 nodes are available: .*node affinity.*kubectl -n \S+ get events/,
      );
      assert.doesNotMatch(output, /cannot start/);
      await assertNoRelease(name);
      workspace.configure(settingsOf(name, {}));
      await workspace.up();
      await assertDeployed(workspace);
    },
  );
});
