import assert from "node:assert/strict";
import { chartRepository } from "../../../chart/release.ts";
import { AkashProvider, Cluster, type AkashProviderArgs } from "../../../components/index.ts";
import { runProgram, type RegisteredResource } from "../../support/mocks.ts";
import { providerArguments } from "../../support/arguments.ts";
import { walletKey, walletPassword } from "../../support/settings.ts";

async function resources(
  args: Partial<AkashProviderArgs> = {},
): Promise<Readonly<Record<string, RegisteredResource>>> {
  const run = await runProgram("home", () => {
    const cluster = new Cluster("cluster");
    const provider = new AkashProvider("p", { ...providerArguments(cluster), ...args });
    return { revision: provider.revision, namespace: provider.namespace };
  });
  return Object.fromEntries(run.resources.map((resource) => [resource.name, resource]));
}

function inputs<T>(resource: RegisteredResource | undefined): T {
  assert(resource !== undefined);
  return resource.inputs as T;
}

interface ReleaseInputs {
  readonly chart: string;
  readonly version?: string;
  readonly repositoryOpts?: { readonly repo: string };
  readonly atomic: boolean;
  readonly timeout: number;
  readonly maxHistory: number;
  readonly values: Readonly<Record<string, unknown>>;
}

describe("AkashProvider", () => {
  it("creates a namespace, the wallet's Secret and the release, as its children", async () => {
    const { cluster, p: component, ...children } = await resources();
    assert.equal(component?.type, "akash:provider:AkashProvider");
    assert.deepEqual(
      Object.values(children).map(({ type, name, parent, provider }) => [
        type,
        name,
        parent,
        provider,
      ]),
      [
        ["kubernetes:core/v1:Namespace", "p-namespace", "p", "cluster"],
        ["kubernetes:helm.sh/v3:Release", "p-release", "p", "cluster"],
        ["kubernetes:core/v1:Secret", "p-wallet", "p", "cluster"],
      ],
    );
  });

  it("keeps the namespace when the stack is destroyed, and labels it", async () => {
    const { "p-namespace": namespace } = await resources({ namespace: "akash-eu" });
    assert.deepEqual(namespace?.options, {
      retainOnDelete: true,
      hooks: { beforeCreate: ["p-admission"] },
    });
    assert.deepEqual(inputs<{ metadata: unknown }>(namespace).metadata, {
      name: "akash-eu",
      labels: { "akash.network": "true", "pod-security.kubernetes.io/enforce": "privileged" },
    });
  });

  it("stores the wallet encoded, as a secret, under the names that the pod reads", async () => {
    const { "p-wallet": wallet } = await resources({ releaseName: "staging" });
    const { metadata, data } = inputs<{
      metadata: { name: string };
      data: { secret: Record<string, string> };
    }>(wallet);
    assert.equal(metadata.name, "staging-provider-keys");
    const decoded = Object.entries(data.secret).map(([key, value]) => [
      key,
      Buffer.from(value, "base64").toString(),
    ]);
    assert.deepEqual(Object.fromEntries(decoded), {
      "key.txt": walletKey,
      "key-pass.txt": walletPassword,
    });
  });

  it("follows the chart's overrides of names", async () => {
    const { "p-wallet": wallet } = await resources({ values: { fullnameOverride: "gateway" } });
    assert.equal(inputs<{ metadata: { name: string } }>(wallet).metadata.name, "gateway-keys");
  });

  it("stores the wallet only in that Secret", async () => {
    const { "p-wallet": wallet, ...others } = await resources();
    const text = JSON.stringify(others);
    for (const secret of [walletKey, walletPassword]) {
      assert(!text.includes(secret.slice(0, 12)));
      assert(!text.includes(Buffer.from(secret).toString("base64").slice(0, 12)));
    }
  });

  it("creates the wallet's Secret before the release, so that the pod can start", async () => {
    const { "p-release": release } = await resources();
    assert(release?.dependencies.includes("p-wallet"));
  });

  it("sets an atomic rollout, with a timeout and a limited history", async () => {
    const { "p-release": release } = await resources({ timeout: 120, maxHistory: 3 });
    const { atomic, timeout, maxHistory } = inputs<ReleaseInputs>(release);
    assert.deepEqual(
      { atomic, timeout, maxHistory },
      { atomic: true, timeout: 120, maxHistory: 3 },
    );
  });

  describe("uses the chart", () => {
    const source = async (from?: AkashProviderArgs["chart"]) => {
      const { "p-release": release } = await resources({ chart: from });
      const { chart, version, repositoryOpts } = inputs<ReleaseInputs>(release);
      return { chart, version, repositoryOpts };
    };

    it("from its repository, at the pinned version", async () => {
      assert.deepEqual(await source(), {
        chart: "provider",
        version: "19.0.2",
        repositoryOpts: { repo: chartRepository },
      });
    });

    it("from a registry", async () => {
      const chart = "oci://registry.example.com/akash/provider";
      assert.deepEqual(await source({ source: chart, version: "19.0.1" }), {
        chart,
        version: "19.0.1",
        repositoryOpts: undefined,
      });
    });

    it("from a folder of the project, which contains the version", async () => {
      const chart = "./sandbox/chart/provider";
      assert.deepEqual(await source({ source: chart }), {
        chart,
        version: undefined,
        repositoryOpts: undefined,
      });
    });
  });
});
