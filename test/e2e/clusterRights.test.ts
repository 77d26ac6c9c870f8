import assert from "node:assert/strict";
import { cpSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { RbacAuthorizationV1Api } from "../../lib/kubernetesClient.ts";
import { parse, stringify } from "yaml";
import type { Sandbox } from "../../sandbox/cluster/sandbox.ts";
import { describeExhaustive, itExhaustive } from "../support/exhaustive.ts";
import { SandboxClouds } from "../support/clouds.ts";
import { doctorReport } from "../support/doctor.ts";
import { Cluster } from "../support/kubernetesObjects.ts";
import { operatorKubeconfig } from "../support/operatorKubeconfig.ts";
import { programsPath } from "../support/programsPath.ts";
import { Provider } from "../support/provider.ts";
import { RotatingStack, rotatingCloudflare, rotatingSettings } from "../support/rotatingStack.ts";
import { testSandbox } from "../support/sandbox.ts";
import { walletKey } from "../support/settings.ts";
import { Workspace } from "../support/workspace.ts";

/** A user name that every tool involved has to accept unchanged. */
const user = String.raw`CORP\jane "j" o'hara:ops $HOME`;

let sandbox: Sandbox;
let cluster: Cluster;
let clouds: SandboxClouds;
let rbac: RbacAuthorizationV1Api;

before(async () => {
  sandbox = await testSandbox();
  cluster = new Cluster(sandbox);
  clouds = new SandboxClouds(sandbox);
  rbac = cluster.config.makeApiClient(RbacAuthorizationV1Api);
});

/** Runs commands as an administrator of the cluster pastes them, in the program's folder. */
async function paste(workspace: Workspace, commands: readonly string[]): Promise<void> {
  const PATH = await programsPath(["kubectl"], process.env.PATH);
  const admin = workspace.withEnvironment({ PATH, KUBECONFIG: sandbox.kubeconfig });
  const { status, output } = await admin.shell(`set -e\n${commands.join("\n")}`);
  assert.equal(status, 0, `${commands.join("\n")}\n${output}`);
}

/** The commands in a message that grant permissions. */
function commandsIn(output: string): readonly string[] {
  const commands =
    output.match(/(?<=\n\s+)(?:sed '|kubectl create )[^\n]*kubectl apply -f -/g) ?? [];
  assert(commands.length > 0, output);
  return [...new Set(commands)];
}

async function refused(workspace: Workspace, ...args: readonly string[]): Promise<string> {
  const { status, output } = await workspace.pulumi(...args);
  assert.notEqual(status, 0, output);
  assert.doesNotMatch(output, /\n\s+at .*\.[jt]s:/, "a stack trace");
  return output;
}

/** Removes the permissions of the first install. */
async function withoutInstallRights(): Promise<void> {
  const { items } = await rbac.listClusterRoleBinding();
  for (const { metadata, roleRef } of items) {
    if (roleRef.name.endsWith("-install")) {
      await rbac.deleteClusterRoleBinding({ name: metadata?.name ?? "" });
    }
  }
}

/** The doctor could read everything in the cluster. */
async function assertDoctorSees(workspace: Workspace): Promise<void> {
  const { findings } = await doctorReport(workspace);
  assert(findings.length > 10, "the doctor finds nothing");
  assert.doesNotMatch(
    JSON.stringify(findings),
    /does not let you|does not allow|denies the request/,
  );
}

describe("rights in the cluster", () => {
  const name = "rights-cluster";
  const fullname = `${name}-provider`;
  let workspace: Workspace;
  let stack: RotatingStack;
  let commands: readonly string[];

  before(async () => {
    const settings = rotatingSettings(rotatingCloudflare, name, {});
    const KUBECONFIG = operatorKubeconfig(sandbox, name, user);
    workspace = (await Workspace.create(sandbox, name, name, settings)).withEnvironment({
      KUBECONFIG,
    });
    stack = RotatingStack.of(rotatingCloudflare, sandbox, workspace);
  });

  it("that are missing for the first install are reported in one sentence, before anything is created", async () => {
    const output = await refused(workspace, "up", "-s", name, "--yes");
    const [, rights = ""] =
      /lacks permissions in the cluster https:\/\/\S+: (.*)\. An administrator/.exec(output) ??
      assert.fail(output);
    for (const part of [
      `in the namespace ${name} create, delete, get, patch on configmaps`,
      "get on pods/log",
      `in the whole cluster get, patch on namespaces ${name}`,
      "create on clusterrolebindings.rbac.authorization.k8s.io",
      "bind on clusterroles.rbac.authorization.k8s.io cluster-admin",
    ]) {
      assert(rights.includes(part), `${part} is not in ${rights}`);
    }
    assert(output.includes(`The identity that runs Pulumi (${user})`), output);
    assert.deepEqual(await stack.live(), []);
    assert.equal(await cluster.get("v1", "Namespace", name), undefined);
    commands = commandsIn(output);
  });

  it("are enough for it, as the commands grant them", async () => {
    await paste(workspace, commands);
    await workspace.up();
    await stack.assertIssues();
    await workspace.succeed("preview", "-s", name, "--expect-no-changes");
  });

  it("are enough without those of the install for rotation, change, refresh and doctor", async () => {
    await withoutInstallRights();
    await stack.rotate();
    await stack.assertFinished();
    stack.configure({
      website: "https://changed.example",
      ingress: { mode: "ingress", className: "nginx" },
    });
    await workspace.up("--refresh");
    stack.configure();
    await workspace.up();
    await assertDoctorSees(workspace);
  });

  itExhaustive("are enough to roll back a revision that does not become ready", async () => {
    stack.configure({ values: { nodeSelector: { "no-such-label": "x" } }, timeout: "20" });
    await refused(workspace, "up", "-s", name, "--yes", "--skip-preview");
    stack.configure();
    await workspace.up();
    await stack.works(await stack.credential());
  });

  it("prevent a rotation if some are missing, with all missing ones in one sentence", async () => {
    const at = { name: `${fullname}-pulumi`, namespace: name };
    const role = await rbac.readNamespacedRole(at);
    const rules = (role.rules ?? []).map((rule) => ({
      ...rule,
      resources: rule.resources?.filter((resource) => resource !== "pods/log") ?? [],
      verbs: ["configmaps", "secrets"].some((resource) => rule.resources?.includes(resource))
        ? rule.verbs.filter((verb) => verb !== "patch")
        : rule.verbs,
    }));
    await rbac.replaceNamespacedRole({
      ...at,
      body: { ...role, rules: rules.filter(({ resources }) => resources.length > 0) },
    });
    const before = await stack.live();
    const output = await refused(workspace, "up", "-s", name, "--yes", "--replace", stack.pattern);
    assert.match(
      output,
      new RegExp(
        `lacks permissions in the cluster \\S+: in the namespace ${name} patch on configmaps; patch on serviceaccounts; patch on services; patch on secrets; get on pods/log\\.`,
      ),
    );
    assert.deepEqual(await stack.live(), before);
    await paste(workspace, commandsIn(output));
    await stack.rotate();
    await stack.assertFinished();
  });

  itExhaustive(
    "to change the chart's cluster-scoped objects are required with another chart",
    async () => {
      const folder = join(workspace.directory, ".sandbox/chart/provider");
      const newer = join(workspace.directory, "chart-newer");
      cpSync(folder, newer, { recursive: true });
      const file = join(newer, "Chart.yaml");
      const chart = parse(readFileSync(file, "utf8")) as { readonly version: string };
      writeFileSync(file, stringify({ ...chart, version: `${chart.version}-newer.1` }));
      const clusterRole = `${name}-${fullname}-pulumi`;
      const role = await rbac.readClusterRole({ name: clusterRole });
      const rules = (role.rules ?? []).filter(({ verbs }) => !verbs.includes("patch"));
      await rbac.replaceClusterRole({ name: clusterRole, body: { ...role, rules } });
      stack.configure({ chart: "./chart-newer" });
      const output = await refused(workspace, "up", "-s", name, "--yes");
      assert.match(
        output,
        new RegExp(
          `in the whole cluster patch on clusterrolebindings\\.rbac\\.authorization\\.k8s\\.io ${fullname}-admin; patch on storageclasses\\.storage\\.k8s\\.io ${fullname}-local-storage\\.`,
        ),
      );
      await paste(workspace, commandsIn(output));
      await workspace.up();
      stack.configure();
      await workspace.up();
    },
  );

  itExhaustive("can be granted to a second operator, and nobody loses any", async () => {
    const second = `${name}-second`;
    const KUBECONFIG = operatorKubeconfig(sandbox, second, "second");
    const other = workspace.withEnvironment({ KUBECONFIG });
    const output = await refused(other, "preview", "-s", name, "--replace", stack.pattern);
    await paste(workspace, commandsIn(output));
    await other.succeed("preview", "-s", name, "--replace", stack.pattern);
    await workspace.succeed("preview", "-s", name, "--replace", stack.pattern);
  });

  it("of the install are also those of a destroy", async () => {
    await paste(workspace, commands);
    await workspace.destroy();
    assert.deepEqual(await stack.live(), []);
    for (const [apiVersion, kind, object] of [
      ["rbac.authorization.k8s.io/v1", "ClusterRoleBinding", `${fullname}-admin`],
      ["storage.k8s.io/v1", "StorageClass", `${fullname}-local-storage`],
    ] as const) {
      assert.equal(await cluster.get(apiVersion, kind, object), undefined);
    }
  });
});

describeExhaustive("rights in the cluster, to adopt", () => {
  it("are the day-to-day ones, and enough for the up after it", async () => {
    const name = "rights-adopt";
    const token = await clouds.cloudflareToken(name);
    const provider = await Provider.install({
      name,
      secrets: ["keys", "cloudflare-dns"],
      values: valuesFile(token.value),
    });
    const KUBECONFIG = operatorKubeconfig(sandbox, name, "adopter");
    const operator = provider.workspace.withEnvironment({ KUBECONFIG });
    const release = `${name}-provider`;
    await paste(provider.workspace, [
      `sed 's/NAMESPACE/${name}/g; s/FULLNAME/${release}/g' docs/kubernetes/rights.yaml | kubectl apply -f -`,
      `kubectl label namespace ${name} akash.network=true`,
      `kubectl -n ${name} create rolebinding ${release}-pulumi-adopter --role=${release}-pulumi --user=adopter`,
      `kubectl create clusterrolebinding ${name}-${release}-pulumi-adopter --clusterrole=${name}-${release}-pulumi --user=adopter`,
    ]);
    const { status, output } = await provider.runAdopt(
      ["provider.yaml", ...provider.place, "--zone", "example.test"],
      { KUBECONFIG },
    );
    assert.equal(status, 0, output);
    await operator.succeed("up", "-s", name, "--yes");
    await assertDoctorSees(operator);
    await provider.workspace.destroy();
  });
});

/** The values of a provider that Helm has installed. */
function valuesFile(apiToken: string): object {
  const base64 = (text: string) => Buffer.from(text).toString("base64");
  return {
    from: "akash1qypqxpq9qcrsszg2pvxq6rs0zqg3yyc5lzv7xu",
    key: base64(walletKey),
    keysecret: base64("password"),
    domain: "example.test",
    email: "operator@example.test",
    attributes: [{ key: "region", value: "us-east" }],
    letsEncrypt: {
      acme: { caDirUrl: "https://pebble.sandbox.internal/dir" },
      providers: { cloudflare: { enabled: true, apiToken } },
    },
  };
}
