import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { satisfies } from "semver";
import { parse } from "yaml";

interface StackObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace: string };
  readonly spec: {
    readonly stack: string;
    readonly serviceAccountName: string;
    readonly runProgram: boolean;
    readonly destroyOnFinalize: boolean;
    readonly envRefs: Readonly<
      Record<string, { readonly type: string; readonly secret?: { readonly name: string } }>
    >;
    readonly workspaceTemplate: { readonly spec: { readonly image: string } };
  };
}

const read = (file: string) => readFileSync(`examples/operator/${file}`, "utf8");

describe("the example for Pulumi's Kubernetes operator", () => {
  const { apiVersion, kind, metadata, spec } = parse(read("stack.yaml")) as StackObject;

  it("is a stack of this project, which is never destroyed by mistake", () => {
    assert.deepEqual([apiVersion, kind], ["pulumi.com/v1", "Stack"]);
    const { name } = parse(readFileSync("Pulumi.yaml", "utf8")) as { readonly name: string };
    assert.equal(spec.stack, `organization/${name}/prod`);
    assert.equal(spec.runProgram, true);
    assert.equal(spec.destroyOnFinalize, false);
  });

  it("has its secrets from the cluster, by the names that the README makes them with", () => {
    const readme = read("README.md");
    for (const [variable, { type, secret }] of Object.entries(spec.envRefs)) {
      assert.equal(type, "Secret", variable);
      assert(readme.includes(`create secret generic ${secret?.name ?? ""} `), variable);
    }
    const { secret } = spec.envRefs.GOOGLE_CREDENTIALS ?? {};
    assert.deepEqual(secret, { name: "akash-pulumi", key: "google.json" });
  });

  it("acts as the account that is made for it", () => {
    const [account] = read("access.yaml")
      .split("\n---\n")
      .map((text) => parse(text) as Pick<StackObject, "kind" | "metadata">);
    assert.equal(account?.kind, "ServiceAccount");
    assert.deepEqual(account.metadata, {
      name: spec.serviceAccountName,
      namespace: metadata.namespace,
    });
  });

  it("runs in an image with a CLI and a Node that the program takes", () => {
    const [, cli = "", node = ""] =
      /FROM pulumi\/pulumi-base:(\S+) AS pulumi\n\nFROM node:(\d+)-/.exec(read("Dockerfile")) ?? [];
    const { requiredPulumiVersion } = parse(readFileSync("Pulumi.yaml", "utf8")) as {
      readonly requiredPulumiVersion: string;
    };
    assert(satisfies(cli, requiredPulumiVersion), cli);
    assert.equal(node, "24");
    const { image } = spec.workspaceTemplate.spec;
    assert(image.endsWith(`:${cli}-node${node}`), image);
    assert(read("README.md").includes(`docker build -t ${image} `));
  });
});
