import assert from "node:assert/strict";
import * as pulumi from "@pulumi/pulumi";
import { Cluster, type ClusterArgs } from "../../../components/index.ts";
import { runProgram, type RegisteredResource } from "../../support/mocks.ts";

describe("Cluster", () => {
  const before = process.env.KUBECONFIG;
  afterEach(() => {
    delete process.env.KUBECONFIG;
    Object.assign(process.env, before === undefined ? {} : { KUBECONFIG: before });
  });

  async function provider(args: ClusterArgs): Promise<RegisteredResource | undefined> {
    process.env.KUBECONFIG = "/a/path/of/this/machine";
    const { resources } = await runProgram("home", () => ({
      id: new Cluster("cluster", args).provider.id,
    }));
    return resources.find(({ name }) => name === "cluster");
  }

  it("has nothing of this machine in the provider's inputs", async () => {
    assert.deepEqual((await provider({ context: "prod" }))?.inputs, {
      context: "prod",
      enableSecretMutable: "true",
    });
  });

  it("hands the provider a kubeconfig of its own, its content as a secret", async () => {
    const identified = {
      clusterIdentifier: "akash-provider-letsencrypt/home",
      enableSecretMutable: "true",
    };
    assert.deepEqual((await provider({ kubeconfig: "./kubeconfig" }))?.inputs, {
      ...identified,
      kubeconfig: "./kubeconfig",
    });
    assert.deepEqual((await provider({ kubeconfig: pulumi.secret("users: []") }))?.inputs, {
      ...identified,
      kubeconfig: { secret: "users: []" },
    });
  });

  it("looks whether the stack's provider is in the cluster of before only where it is told of one", async () => {
    assert.deepEqual((await provider({}))?.options, {});
    assert.deepEqual((await provider({ deployed: {} }))?.options, {
      hooks: { beforeUpdate: ["cluster-same"] },
    });
  });
});
