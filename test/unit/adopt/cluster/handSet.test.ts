import assert from "node:assert/strict";
import type { V1Container, V1StatefulSet } from "@kubernetes/client-node";
import { stringify } from "yaml";
import { handSet } from "../../../../adopt/cluster/handSet.ts";
import { record } from "./record.ts";

const rendered: V1Container = {
  name: "provider",
  image: "provider:1",
  env: [
    { name: "AKASH_GAS", value: "auto" },
    { name: "EMPTY", value: "" },
    { name: "MODE", valueFrom: { configMapKeyRef: { name: "main", key: "MODE" } } },
    { name: "NODE", valueFrom: { fieldRef: { fieldPath: "spec.nodeName" } } },
  ],
};

function statefulSet(...containers: readonly V1Container[]): V1StatefulSet {
  const template = { spec: { containers: [...containers], initContainers: [{ name: "init" }] } };
  return {
    apiVersion: "apps/v1",
    kind: "StatefulSet",
    metadata: { name: "akash-provider" },
    spec: { serviceName: "akash-provider", selector: {}, template },
  };
}

const release = record({ manifest: `---\n${stringify(statefulSet(rendered))}` });

describe("fields set by hand in the pod", () => {
  it("are none where the cluster has the rendered object, as the API server writes it", () => {
    const [gas, , mode] = rendered.env ?? [];
    assert(gas !== undefined && mode !== undefined);
    const env = [
      gas,
      { name: "EMPTY" },
      mode,
      { name: "NODE", valueFrom: { fieldRef: { apiVersion: "v1", fieldPath: "spec.nodeName" } } },
    ];
    assert.deepEqual(handSet(release, statefulSet({ ...rendered, env })), []);
    assert.deepEqual(handSet(release, undefined), []);
  });

  it("are each new, changed or removed variable, and the image", () => {
    const live = {
      ...rendered,
      image: "provider:2",
      env: [
        { name: "AKASH_GAS", value: "SENTINEL" },
        { name: "MODE", value: "" },
        { name: "MINE", valueFrom: { secretKeyRef: { name: "SENTINEL", key: "x" } } },
        ...(rendered.env?.slice(3) ?? []),
      ],
    };
    const found = handSet(release, statefulSet(live));
    assert.deepEqual(
      found.map(({ container, name, isKept }) => `${container} ${name} ${String(isKept)}`),
      [
        "provider AKASH_GAS false",
        "provider EMPTY false",
        "provider MODE false",
        "provider MINE true",
        "provider image false",
      ],
    );
    assert.doesNotMatch(JSON.stringify(found), /SENTINEL/);
  });
});
