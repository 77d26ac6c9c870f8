import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Report } from "../../doctor/report.ts";
import type { Sandbox } from "../../sandbox/cluster/sandbox.ts";
import { waitFor } from "../../sandbox/processes/wait.ts";
import { itExhaustive } from "../support/exhaustive.ts";
import { ForwardProxy } from "../support/forwardProxy.ts";
import { Cluster } from "../support/kubernetesObjects.ts";
import { Provider } from "../support/provider.ts";
import { RotatingStack, rotatingCloudflare } from "../support/rotatingStack.ts";
import { ended, start } from "../support/examinedProvider.ts";
import { testSandbox } from "../support/sandbox.ts";
import { SocksProxy } from "../support/socksProxy.ts";
import {
  readKubeconfig,
  startSecondCluster,
  type SecondCluster,
} from "../support/secondCluster.ts";
import { Workspace } from "../support/workspace.ts";

describe("a stack's cluster, with two clusters", () => {
  const name = "two-clusters";
  const settings = { namespace: name, timeout: "60" };
  const wallet = "akash-provider-keys";
  let sandbox: Sandbox;
  let first: Cluster;
  let second: SecondCluster;
  let workspace: Workspace;
  /** Two kubeconfigs with the same names for their clusters, users and contexts. */
  let merged: string;

  before(async () => {
    sandbox = await testSandbox();
    first = new Cluster(sandbox);
    second = await startSecondCluster(sandbox);
    merged = `${join(sandbox.directory, "missing")}:${sandbox.kubeconfig}:${second.kubeconfig}`;
    const made = await Workspace.create(sandbox, name, name, settings);
    workspace = made.withEnvironment({ KUBECONFIG: merged });
  });

  async function assertNothingInSecond(): Promise<void> {
    const { items } = await second.core.listNamespace();
    assert(!items.some(({ metadata }) => metadata?.name === name));
  }

  /** Refused in the preview, so nothing was changed, and the printed command makes the stack deployable again. */
  async function assertRefusedUntil(command: RegExp, at = workspace): Promise<string> {
    const refused = await at.pulumi("preview", "-s", name);
    assert.notEqual(refused.status, 0, refused.output);
    assert.match(refused.output, /is in the cluster .*, but the stack now names another one/);
    await assertNothingInSecond();
    const [shown] = command.exec(refused.output) ?? [];
    assert(shown !== undefined, refused.output);
    await at.succeed(...shown.split(" ").slice(1));
    await at.succeed("preview", "-s", name, "--expect-no-changes");
    return refused.output;
  }

  it("is the first kubeconfig's for plugin and hooks, even if the second has the same names", async () => {
    await workspace.up();
    assert(await first.get("v1", "Secret", wallet, name));
    // The hook before the release's upgrade requests the release's revisions from the cluster.
    workspace.configure({ ...settings, email: "new@example.test" });
    await workspace.up();
    await assertNothingInSecond();
  });

  /** The findings of the doctor. */
  async function findings(KUBECONFIG: string): Promise<readonly string[]> {
    const child = start(sandbox, workspace.directory, ["-s", name, "--json"], { KUBECONFIG });
    const { stdout, stderr } = await ended(child);
    assert(stdout !== "", stderr);
    const report = JSON.parse(stdout) as Report;
    return report.findings.filter(({ severity }) => severity === "error").map(({ id }) => id);
  }

  it("is the same for the doctor", async () => {
    const lost = (await findings(second.kubeconfig)).filter((id) => /release|pod/.test(id));
    assert.notDeepEqual(lost, []);
    const found = await findings(merged);
    assert.deepEqual(
      lost.filter((id) => found.includes(id)),
      [],
    );
  });

  itExhaustive("is the same for adopt, and for the next up", async () => {
    const adopted = await Provider.deploy({ name: "two-adopted", secrets: ["keys"] });
    await adopted.remember();
    await adopted.workspace.succeed(
      "stack",
      "rm",
      adopted.name,
      "--yes",
      "--force",
      "--preserve-config",
    );
    const other = { KUBECONFIG: `${second.kubeconfig}:${sandbox.kubeconfig}` };
    const missing = await adopted.runAdopt([], other);
    assert.equal(missing.status, 1);
    assert.match(missing.output, /two-adopted has no Helm release two-adopted-provider/);
    const { status, output } = await adopted.runAdopt([], { KUBECONFIG: merged });
    assert.equal(status, 0, output);
    await adopted.assertSamePod();
    const at = adopted.workspace.withEnvironment({ KUBECONFIG: merged });
    await at.up();
    await at.succeed("preview", "-s", adopted.name, "--expect-no-changes");
    await adopted.assertSameSecrets();
    adopted.stopWatching();
    await at.destroy();
    const { items } = await second.core.listNamespace();
    assert(!items.some(({ metadata }) => metadata?.name === adopted.name));
  });

  it("is deployed again after the deletion of its namespace, by the printed command", async () => {
    const gone = "namespace-gone";
    const own = { namespace: gone, releaseName: `${gone}-provider`, timeout: "60" };
    const stack = await Workspace.create(sandbox, gone, gone, own);
    await stack.up();
    await first.core.deleteNamespace({ name: gone });
    await waitFor(
      async () =>
        !(await first.core.listNamespace()).items.some((one) => one.metadata?.name === gone),
      { what: "the end of the namespace", timeout: 60_000 },
    );
    stack.configure({ ...own, email: "gone@example.test" });
    const { status, output } = await stack.pulumi("up", "-s", gone, "--yes");
    assert.notEqual(status, 0, output);
    const [command] =
      /pulumi refresh -s \S+ --run-program && pulumi up -s [\w-]+/.exec(output) ?? [];
    assert(command !== undefined, output);
    const at = stack.withEnvironment({ PULUMI_SKIP_CONFIRMATIONS: "true" });
    const again = await at.shell(command);
    assert.equal(again.status, 0, again.output);
    assert(await first.get("v1", "Secret", `${gone}-provider-keys`, gone));
    await stack.destroy();
  });

  describe("after a change of only the kubeconfig's current context", () => {
    const switched = "switched";
    let stack: RotatingStack;
    let both: string;

    /** The same two clusters, with one of them as the current context. */
    function current(context: "first" | "second"): Workspace {
      const files = { first: sandbox.kubeconfig, second: second.kubeconfig };
      const entries = (["first", "second"] as const).map((name) => ({
        name,
        kubeconfig: readKubeconfig(files[name]),
      }));
      writeFileSync(
        both,
        JSON.stringify({
          "current-context": context,
          clusters: entries.map(({ name, kubeconfig }) => ({ ...kubeconfig.clusters[0], name })),
          users: entries.map(({ name, kubeconfig }) => ({ ...kubeconfig.users[0], name })),
          contexts: entries.map(({ name }) => ({ name, context: { cluster: name, user: name } })),
        }),
      );
      return stack.workspace.withEnvironment({ KUBECONFIG: both });
    }

    async function assertRefusedInSecond(...args: readonly string[]): Promise<string> {
      const credentials = await stack.live();
      const { status, output } = await current("second").pulumi(...args, "-s", switched);
      assert.notEqual(status, 0, output);
      assert.match(output, /is in another cluster than .*, second \(https:/);
      assert.doesNotMatch(output, /\n\s+at .*\.[jt]s:/, "a stack trace");
      assert.deepEqual(await stack.live(), credentials);
      const { items } = await second.core.listSecretForAllNamespaces();
      assert(!items.some(({ metadata }) => metadata?.namespace === switched));
      return output;
    }

    before(async () => {
      both = join(sandbox.directory, "both-kubeconfig");
      stack = await RotatingStack.deploy(rotatingCloudflare, switched);
    });

    it("is refused for a change, a rotation and a destroy, and the stack continues in its cluster", async () => {
      await current("second").succeed("preview", "-s", switched);
      stack.configure({ email: "switched@example.test" });
      await assertRefusedInSecond("preview");
      await assertRefusedInSecond("up", "--yes");
      await assertRefusedInSecond("up", "--yes", "--replace", stack.pattern);
      const output = await assertRefusedInSecond("destroy", "--yes", "--run-program");
      const [command] = /pulumi config set -s switched kubeContext 'CONTEXT'/.exec(output) ?? [];
      assert(command !== undefined, output);
      const at = current("second");
      const { status } = await at.shell(command.replace("CONTEXT", "first"));
      assert.equal(status, 0);
      await at.up();
      await RotatingStack.of(rotatingCloudflare, sandbox, at).rotate();
      assert.equal((await stack.live()).length, 1);
      await at.destroy();
      assert.deepEqual(await stack.live(), []);
    });
  });

  it("is refused under another context while the provider is in the first", async () => {
    const other = readKubeconfig(second.kubeconfig);
    other.clusters[0]!.name = other.contexts[0]!.context.cluster = "second";
    other.contexts[0]!.name = "second";
    const renamed = join(sandbox.directory, "renamed-kubeconfig");
    writeFileSync(renamed, JSON.stringify(other));
    const at = workspace.withEnvironment({ KUBECONFIG: `${sandbox.kubeconfig}:${renamed}` });
    for (const setting of ["kubernetes:context", "kubeContext"]) {
      await at.succeed("config", "set", "-s", name, setting, "second");
      await assertRefusedUntil(new RegExp(`pulumi config rm -s ${name} ${setting}`), at);
    }
    await at.succeed("config", "set", "-s", name, "kubernetes:context", "nowhere");
    const unknown = await at.pulumi("preview", "-s", name);
    assert.match(unknown.output, /kubernetes:context is nowhere, .*\(sandbox, second\)/);
    await at.succeed("config", "rm", "-s", name, "kubernetes:context");
  });

  itExhaustive(
    "keeps its namespace if only the plugin's setting, which had no effect, names another",
    async () => {
      // The other stack's release has objects without a namespace, named after the release.
      const options = { releaseName: "unheard-provider", timeout: "60" };
      const moved = await Workspace.create(sandbox, "unheard", "unheard", options);
      await moved.up();
      await moved.succeed("config", "set", "-s", "unheard", "kubernetes:namespace", "elsewhere");
      const refused = await moved.pulumi("preview", "-s", "unheard");
      assert.match(
        refused.output,
        /is in namespace akash-services, but kubernetes:namespace, .* names/,
      );
      assert.match(refused.output, /pulumi config rm -s unheard kubernetes:namespace/);
      await moved.succeed("config", "rm", "-s", "unheard", "kubernetes:namespace");
      await moved.succeed("preview", "-s", "unheard", "--expect-no-changes");
      await moved.destroy();
    },
  );

  it("may be set by the stack's own kubeconfig, whose content is never shown", async () => {
    const content = readFileSync(sandbox.kubeconfig, "utf8");
    const key = String(readKubeconfig(sandbox.kubeconfig).users[0]?.user["client-key-data"]);
    const at = workspace.withEnvironment({ KUBECONFIG: second.kubeconfig });
    await at.succeed("config", "set", "-s", name, "--secret", "kubernetes:kubeconfig", content);
    const results = [
      await at.up(),
      await at.succeed("preview", "-s", name, "--expect-no-changes", "--diff"),
      await at.succeed("stack", "export", "-s", name),
      await at.succeed("stack", "output", "-s", name, "--json"),
    ];
    for (const { output } of results) {
      assert(!output.includes(key.slice(0, 60)), "the kubeconfig's key is shown");
    }
    workspace.configure({ ...settings, email: "third@example.test" });
    await at.succeed("config", "set", "-s", name, "--secret", "kubernetes:kubeconfig", content);
    await at.up();
    await assertNothingInSecond();

    // The doctor has the stack's passphrase here, and uses the stack's own kubeconfig.
    const wrong = (await findings(second.kubeconfig)).filter((id) => /release|pod/.test(id));
    assert.deepEqual(wrong, []);

    const other = readFileSync(second.kubeconfig, "utf8");
    await at.succeed("config", "set", "-s", name, "--secret", "kubernetes:kubeconfig", other);
    const refused = await at.pulumi("preview", "-s", name);
    assert.match(refused.output, /pulumi config set -s \S+ --secret kubernetes:kubeconfig </);
    await assertNothingInSecond();
    await at.succeed("config", "set", "-s", name, "--secret", "kubernetes:kubeconfig", content);
    await at.succeed("preview", "-s", name, "--expect-no-changes");
  });

  itExhaustive(
    "is reached through a SOCKS proxy of the environment by plugin, hooks and doctor",
    async () => {
      const proxy = await SocksProxy.start(["kubernetes"]);
      try {
        const { clusters, ...rest } = readKubeconfig(sandbox.kubeconfig);
        const server = `https://kubernetes:${sandbox.ports.apiServer}`;
        const cluster = { ...clusters[0]?.cluster, server };
        const KUBECONFIG = join(sandbox.directory, "hidden-kubeconfig");
        writeFileSync(
          KUBECONFIG,
          JSON.stringify({ ...rest, clusters: [{ name: "sandbox", cluster }] }),
        );
        workspace.configure({ ...settings, email: "socks@example.test" });
        const variables = { KUBECONFIG, HTTPS_PROXY: proxy.url };
        // The plugin and the hooks: the release is upgraded.
        await workspace.withEnvironment(variables).up();
        assert(proxy.log.includes(new URL(server).host), proxy.log.join("\n"));
        proxy.log.length = 0;
        const child = start(sandbox, workspace.directory, ["-s", name, "--json"], variables);
        const { stderr } = await ended(child);
        assert(proxy.log.includes(new URL(server).host), stderr);
      } finally {
        proxy.stop();
      }
    },
  );

  it("is reached through the kubeconfig's proxy, with its credential plugin", async () => {
    // The name is in the API server's certificate, and only the proxy resolves it.
    const proxy = await ForwardProxy.start(["kubernetes"]);
    try {
      const { clusters, users, ...rest } = readKubeconfig(sandbox.kubeconfig);
      const cluster = clusters[0]?.cluster ?? {};
      const user = users[0]?.user ?? {};
      const server = `https://kubernetes:${sandbox.ports.apiServer}`;
      const decoded = (entry: string) => Buffer.from(String(user[entry]), "base64").toString();
      const apiVersion = "client.authentication.k8s.io/v1";
      const status = {
        clientCertificateData: decoded("client-certificate-data"),
        clientKeyData: decoded("client-key-data"),
      };
      writeFileSync(
        join(sandbox.directory, "credential.json"),
        JSON.stringify({ kind: "ExecCredential", apiVersion, status }),
      );
      const asked = join(sandbox.directory, "asked-credential-plugin");
      // Relative to the kubeconfig's folder.
      const plugin = join(sandbox.directory, "credential-plugin");
      writeFileSync(
        plugin,
        [
          "#!/bin/sh",
          // The parent process, and the environment.
          `{ echo "asked by $PPID $(tr '\\0' ' ' < /proc/$PPID/cmdline)"; env; } >> '${asked}'`,
          `echo "$KUBERNETES_EXEC_INFO" | grep -q '"interactive":false' && cat '${sandbox.directory}/credential.json'`,
          "",
        ].join("\n"),
        { mode: 0o755 },
      );
      const exec = { apiVersion, command: "./credential-plugin", interactiveMode: "Never" };
      const kubeconfig = join(sandbox.directory, "proxied-kubeconfig");
      writeFileSync(
        kubeconfig,
        JSON.stringify({
          ...rest,
          clusters: [{ name: "sandbox", cluster: { ...cluster, server, "proxy-url": proxy.url } }],
          users: [{ name: "sandbox", user: { exec } }],
        }),
      );
      workspace.configure({ ...settings, email: "fourth@example.test" });
      // The plugin and the hooks: the release is upgraded.
      await workspace.withEnvironment({ KUBECONFIG: kubeconfig }).up();
      const program = readFileSync(asked, "utf8")
        .split(/^asked by /m)
        .filter((one) => /^\d+ \S*node /.test(one));
      const processes = program.map((one) => one.split(" ")[0]);
      assert(processes.length > 0);
      assert.deepEqual([...new Set(processes)], processes, "a process has asked more than once");
      for (const environment of program) {
        assert.match(environment, /^PATH=/m);
        assert.doesNotMatch(environment, /PULUMI_CONFIG=|PULUMI_CONFIG_SECRET_KEYS=|PRIVATE KEY/);
      }
      assert(proxy.log.includes(new URL(server).host), proxy.log.join("\n"));
      proxy.log.length = 0;
      const child = start(sandbox, workspace.directory, ["-s", name, "--json"], {
        KUBECONFIG: kubeconfig,
      });
      const { stderr } = await ended(child);
      assert(proxy.log.includes(new URL(server).host), stderr);
    } finally {
      proxy.stop();
    }
  });
});
