import assert from "node:assert/strict";
import { CustomObjectsApi, KubeConfig } from "../../lib/kubernetesClient.ts";
import {
  startCertManager,
  waitForWildcard,
  type WildcardReport,
} from "../../sandbox/cluster/certManager.ts";
import type { Sandbox } from "../../sandbox/cluster/sandbox.ts";
import { silentReporter } from "../../sandbox/processes/progress.ts";
import { SandboxClouds } from "../support/clouds.ts";
import { Cluster } from "../support/kubernetesObjects.ts";
import {
  rotatingCloudflare,
  rotatingGoogle,
  rotatingSettings,
  RotatingStack,
  type RotatingCloud,
} from "../support/rotatingStack.ts";
import { testSandbox } from "../support/sandbox.ts";
import { Workspace, type StackSettings } from "../support/workspace.ts";

const names = { google: "wildcard-google", cloudflare: "wildcard-cloudflare" } as const;

/** Both stacks go through it together: an order takes a minute, most of which cert-manager waits. */
describe("the wildcard certificate", () => {
  let sandbox: Sandbox;
  let cluster: Cluster;
  let clouds: SandboxClouds;
  let google: RotatingStack;
  let cloudflare: RotatingStack;
  let first: readonly WildcardReport[];

  /** The namespace of the stack's Gateway, which is not there. */
  const gatewayOf = (name: string) => `${name}-gateway`;

  function settings(name: string, more: StackSettings = {}): StackSettings {
    const namespace = gatewayOf(name);
    return {
      ingress: { mode: "gateway-api", gatewayNamespace: namespace },
      wildcard: { issuer: "cert-manager", namespace, ...(more.wildcard as object | undefined) },
      ...Object.fromEntries(Object.entries(more).filter(([key]) => key !== "wildcard")),
    };
  }

  function create(cloud: RotatingCloud, more: StackSettings = {}): Promise<Workspace> {
    const name = names[cloud.cloud];
    return Workspace.create(
      sandbox,
      name,
      name,
      rotatingSettings(cloud, name, settings(name, more)),
    );
  }

  /** A stack that is deployed. */
  function deployed(cloud: RotatingCloud, workspace: Workspace): RotatingStack {
    const stack = RotatingStack.of(cloud, sandbox, workspace);
    stack.wildcardNamespace = gatewayOf(stack.name);
    return stack;
  }

  function issued(): Promise<readonly WildcardReport[]> {
    return Promise.all(
      [google, cloudflare].map(({ name }) =>
        waitForWildcard(sandbox, { namespace: gatewayOf(name) }),
      ),
    );
  }

  async function issuers(name: string): Promise<readonly (string | undefined)[]> {
    const config = new KubeConfig();
    config.loadFromFile(sandbox.kubeconfig);
    const { items } = (await config.makeApiClient(CustomObjectsApi).listNamespacedCustomObject({
      ...{ group: "cert-manager.io", version: "v1", plural: "issuers" },
      namespace: gatewayOf(name),
    })) as { readonly items: readonly { readonly metadata?: { readonly name?: string } }[] };
    return items.map(({ metadata }) => metadata?.name);
  }

  before(async () => {
    sandbox = await testSandbox();
    cluster = new Cluster(sandbox);
    clouds = new SandboxClouds(sandbox);
  });
  afterEach(() => clouds.clearFaults());

  it("is refused where the cluster has no cert-manager, before anything is made", async () => {
    const workspace = await create(rotatingCloudflare);
    const { status, output } = await workspace.pulumi("up", "-s", names.cloudflare, "--yes");
    assert.notEqual(status, 0, output);
    assert.match(output, /the cluster does not have it/);
    assert.match(output, /helm .*-n cert-manager install cert-manager oci:/);
    assert.deepEqual(await clouds.cloudflareTokens(), []);
    const { items } = await cluster.core.listNamespace();
    assert(!items.some(({ metadata }) => metadata?.name === names.cloudflare));
    cloudflare = deployed(rotatingCloudflare, workspace);
  });

  it("is issued with the credential that is made, also where the provider uses HTTP-01", async () => {
    await startCertManager(sandbox, silentReporter);
    const workspace = await create(rotatingGoogle, { challenge: "http-01" });
    await workspace.up();
    google = deployed(rotatingGoogle, workspace);
    await cloudflare.workspace.up();
    first = await issued();
    for (const [index, { subject, issuer, issuedBy }] of first.entries()) {
      assert.equal(subject, "*.ingress.example.test");
      assert.match(issuer, /Pebble/);
      assert.deepEqual(await issuers([google, cloudflare][index]?.name ?? ""), [issuedBy]);
    }
    await cloudflare.assertFinished();
  });

  it("has one credential at each cloud, for the one zone", async () => {
    const { accounts, grants } = await clouds.google();
    assert.deepEqual(
      grants
        .filter(({ member }) => member === `serviceAccount:${accounts[0] ?? ""}`)
        .map(({ on }) => on),
      ["example-test"],
    );
    assert.equal((await google.live()).length, 1);
    const [token, ...others] = await clouds.cloudflareTokens();
    assert.deepEqual(others, []);
    assert.match(
      Object.keys(token?.policies[0]?.resources ?? {}).join(),
      /account\.zone\.(e1){16}$/,
    );
    assert.deepEqual((await clouds.google()).txt, []);
    assert.deepEqual(await clouds.cloudflareTxt(), []);
  });

  it("shares its credential with a provider that goes over to DNS-01", async () => {
    const before = await google.wildcardCredential();
    google.configure(settings(google.name));
    await google.workspace.up();
    assert.equal(await google.credential(), before);
    await google.assertFinished();
  });

  for (const cloud of ["google", "cloudflare"] as const) {
    it(`always has a credential that ${cloud} accepts while that is rotated, and so has the provider`, async () => {
      const stack = { google, cloudflare }[cloud];
      const before = await stack.credential();
      const { most, looks } = await stack.watched(() => stack.rotate());
      assert.equal(most, 2);
      assert(looks > 5, `${looks} looks`);
      await assert.rejects(stack.works(before), "the old credential still works");
      await stack.assertFinished();
    });
  }

  it("keeps its credential, as the provider does, while the new one fails its proof", async () => {
    const before = await cloudflare.credential();
    await clouds.inject("cloudflare", {
      match: rotatingCloudflare.calls.write,
      status: 403,
      times: 100,
    });
    const { status, output } = await cloudflare.workspace.pulumi(
      ...["up", "-s", cloudflare.name, "--yes", "--replace", cloudflare.pattern],
    );
    assert.notEqual(status, 0, output);
    assert.deepEqual(
      [await cloudflare.credential(), await cloudflare.wildcardCredential()],
      [before, before],
    );
    await cloudflare.works(before).catch(() => undefined);
    await clouds.clearFaults();
    await cloudflare.workspace.up();
    assert.notEqual(await cloudflare.wildcardCredential(), before);
    await cloudflare.assertFinished();
  });

  it("is ordered anew with the rotated credential, when the CA and the names change", async () => {
    const more = (stack: RotatingStack) =>
      settings(stack.name, {
        // The same CA under another URL.
        acmeDirectory: "https://pebble.sandbox.internal:443/dir",
        wildcard: { names: ["*.example.test"] },
      });
    for (const stack of [google, cloudflare]) {
      stack.configure(more(stack));
      await stack.workspace.up();
    }
    for (const [index, { subject, serial, issuedBy }] of (await issued()).entries()) {
      assert.deepEqual(subject.split(", ").sort(), ["*.example.test", "*.ingress.example.test"]);
      assert.notEqual(serial, first[index]?.serial);
      assert.notEqual(issuedBy, first[index]?.issuedBy);
      assert.deepEqual(await issuers([google, cloudflare][index]?.name ?? ""), [issuedBy]);
    }
  });

  it("stays when the provider goes over to HTTP-01, and the credential with it", async () => {
    const before = await cloudflare.wildcardCredential();
    cloudflare.configure(settings(cloudflare.name, { challenge: "http-01" }));
    await cloudflare.workspace.up();
    await assert.rejects(cloudflare.readSecret(), "the provider's Secret is still there");
    assert.equal(await cloudflare.wildcardCredential(), before);
    assert.equal((await cloudflare.live()).length, 1);
    await cloudflare.works(before);
  });

  it("leaves its Secret behind, and says so, and its credential goes", async () => {
    for (const stack of [google, cloudflare]) {
      const namespace = gatewayOf(stack.name);
      const { output } = await stack.workspace.succeed(
        ...["destroy", "-s", stack.name, "--yes", "--run-program"],
      );
      assert.match(
        output,
        new RegExp(`The Secret wildcard-ingress-tls in namespace ${namespace} stays`),
      );
      const { data } = await cluster.core.readNamespacedSecret({
        namespace,
        name: "wildcard-ingress-tls",
      });
      assert(data?.["tls.crt"] !== undefined);
      await assert.rejects(stack.readWildcardSecret());
      assert.deepEqual(await stack.live(), []);
      assert.deepEqual(await issuers(stack.name), []);
    }
  });
});
