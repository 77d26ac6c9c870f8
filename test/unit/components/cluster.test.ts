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

  it("has no settings of this machine in the provider's inputs", async () => {
    assert.deepEqual((await provider({ context: "prod" }))?.inputs, {
      context: "prod",
      enableSecretMutable: "true",
    });
  });

  it("passes its own kubeconfig to the provider, with the content as a secret", async () => {
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

  it("searches the former cluster for the stack's provider only if a place is given", async () => {
    assert.deepEqual((await provider({}))?.options, {});
    assert.deepEqual((await provider({ deployed: {} }))?.options, {
      hooks: { beforeUpdate: ["cluster-same"] },
    });
  });
});
