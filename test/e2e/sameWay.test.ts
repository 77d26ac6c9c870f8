import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Sandbox } from "../../sandbox/cluster/sandbox.ts";
import { SandboxClouds } from "../support/clouds.ts";
import { ForwardProxy } from "../support/forwardProxy.ts";
import { ended, start } from "../support/examinedProvider.ts";
import { RotatingStack, rotatingGoogle, rotatingSettings } from "../support/rotatingStack.ts";
import { testSandbox } from "../support/sandbox.ts";
import {
  readKubeconfig,
  startSecondCluster,
  type SecondCluster,
} from "../support/secondCluster.ts";
import { Workspace } from "../support/workspace.ts";

const name = "same-way";
/** Names that only the proxy resolves: Google's, and one in the API server's certificate. */
const hiddenCloud = "cloud.hidden";
const hiddenCluster = "kubernetes";

/** A call to the Google emulator. */
interface Call {
  readonly path: string;
  readonly status: number;
  readonly who: string;
}

interface Calls {
  readonly calls: readonly Call[];
}

/**
 * One stack with every ambiguity at the same time: two kubeconfigs with the same cluster names, a proxy that is the
 * only one to reach cluster and Google, an impersonated account, and two zones of one name.
 */
describe("plugin, hooks, proof, adopt and doctor of one stack", () => {
  let sandbox: Sandbox;
  let clouds: SandboxClouds;
  let second: SecondCluster;
  let proxy: ForwardProxy;
  let operator: string;
  let environment: NodeJS.ProcessEnv;
  let workspace: Workspace;
  let stack: RotatingStack;

  before(async () => {
    sandbox = await testSandbox();
    clouds = new SandboxClouds(sandbox);
    second = await startSecondCluster(sandbox);
    proxy = await ForwardProxy.start([hiddenCloud, hiddenCluster]);
    operator = await clouds.projectOwner("same-way-operator");
    await clouds.seed("google", {
      projects: [
        {
          projectId: "sandbox-project",
          zones: [{ name: "example-again", dnsName: "example.test." }],
        },
      ],
    });
    const { clusters, ...rest } = readKubeconfig(sandbox.kubeconfig);
    const server = `https://${hiddenCluster}:${sandbox.ports.apiServer}`;
    const first = join(sandbox.directory, "same-way-kubeconfig");
    const cluster = { ...clusters[0]?.cluster, server };
    writeFileSync(first, JSON.stringify({ ...rest, clusters: [{ name: "sandbox", cluster }] }));
    const { host, hostname } = new URL(sandbox.clouds.googleUrl);
    const endpoints = Object.entries(sandbox.environment)
      .filter(([, value]) => value?.startsWith(`http://${host}`) === true)
      .map(([variable, value = ""]) => [variable, value.replace(hostname, hiddenCloud)]);
    environment = {
      ...(Object.fromEntries(endpoints) as object),
      KUBECONFIG: `${first}:${second.kubeconfig}`,
      GOOGLE_IMPERSONATE_SERVICE_ACCOUNT: operator,
      HTTPS_PROXY: proxy.url,
      HTTP_PROXY: proxy.url,
    };
    const dns = { zone: "example-test" };
    const settings = rotatingSettings(rotatingGoogle, name, { dns });
    const made = await Workspace.create(sandbox, name, name, settings);
    workspace = made.withEnvironment(environment);
    stack = RotatingStack.of(rotatingGoogle, sandbox, workspace);
  });
  after(() => {
    proxy.stop();
  });

  /** Runs something, and tests that it has reached only this cluster, this account and this zone. */
  async function assertSameWay(
    run: () => Promise<unknown>,
    reached: { readonly cluster: boolean; readonly cloud: boolean },
  ): Promise<void> {
    proxy.log.length = 0;
    await clouds.control("google", "DELETE", "calls");
    await run();
    const cluster = `${hiddenCluster}:${sandbox.ports.apiServer}`;
    const cloud = `${hiddenCloud}:${sandbox.ports.google}`;
    assert.deepEqual(
      [...new Set(proxy.log)].sort(),
      [...(reached.cloud ? [cloud] : []), ...(reached.cluster ? [cluster] : [])].sort(),
    );
    const { calls: seen } = await clouds.control<Calls>("google", "GET", "calls");
    const callers = new Set(
      seen.filter(({ path }) => !/token|generateAccessToken/i.test(path)).map(({ who }) => who),
    );
    const strangers = [...callers].filter(
      (who) => who !== operator && !who.startsWith("akash-dns-"),
    );
    assert.deepEqual(strangers, []);
    const zones = seen.flatMap(({ path }) => /managedZones\/([^/:]+)/.exec(path)?.[1] ?? []);
    assert.deepEqual(
      [...new Set(zones)].filter((zone) => zone !== "example-test"),
      [],
    );
    const { items } = await second.core.listNamespace();
    assert(!items.some(({ metadata }) => metadata?.name === name));
  }

  const both = { cluster: true, cloud: true };

  it("deploy and prove", async () => {
    await assertSameWay(() => workspace.up(), both);
  });

  it("rotate, and delete what was in use", async () => {
    await assertSameWay(() => stack.rotate(), both);
    await stack.assertFinished();
  });

  it("check, and prove again", async () => {
    let output = "";
    await assertSameWay(async () => {
      const args = ["-s", name, "--prove"];
      const child = start(sandbox, workspace.directory, args, environment);
      output = (await ended(child)).stdout;
    }, both);
    assert.match(output, /a TXT record was written/);
  });

  it("adopt the provider into a new state after the loss of the state", async () => {
    await workspace.succeed("stack", "rm", name, "--yes", "--force", "--preserve-config");
    await assertSameWay(async () => {
      const { status, output } = await workspace.shell(
        `${process.execPath} adopt/main.ts -s ${name}`,
      );
      assert.equal(status, 0, output);
      await workspace.up();
    }, both);
  });

  it("delete the credential that was in use before", async () => {
    await assertSameWay(() => workspace.up(), both);
    await stack.assertFinished();
  });

  it("destroy it", async () => {
    await assertSameWay(() => workspace.destroy(), both);
    assert.deepEqual((await clouds.google()).accounts, [operator]);
    await clouds.deleteAccount(operator);
  });
});
