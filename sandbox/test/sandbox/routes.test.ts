import assert from "node:assert/strict";
import { acceptance, isFor, type Route } from "../../cluster/routes.ts";

describe("the entry's routes", () => {
  const route: Route = {
    metadata: { name: "challenge", namespace: "akash-services", generation: 2 },
    spec: {
      hostnames: ["provider.example.test"],
      parentRefs: [{ name: "akash-gateway", namespace: "akash-gateway" }],
    },
  };
  const gateways = new Set(["akash-gateway/akash-gateway"]);

  it("are for the hosts that an HTTPRoute or an Ingress names", () => {
    const ingress: Route = { spec: { rules: [{ host: "other.example.test" }] } };
    assert.deepEqual(
      [route, ingress].map((each) => isFor(each, "provider.example.test")),
      [true, false],
    );
    assert(isFor(ingress, "other.example.test"));
  });

  it("are accepted by existing Gateways, once for each generation", () => {
    const [parent, ...others] = acceptance(route, gateways) ?? [];
    assert(parent !== undefined);
    assert.deepEqual(others, []);
    assert.deepEqual(parent.parentRef, route.spec?.parentRefs?.[0]);
    assert.deepEqual(
      parent.conditions.map(({ type, observedGeneration }) => [type, observedGeneration]),
      [
        ["Accepted", 2],
        ["ResolvedRefs", 2],
      ],
    );
    const accepted = { ...route, status: { parents: [parent] } };
    assert.equal(acceptance(accepted, gateways), undefined);
    const changed = { ...accepted, metadata: { ...route.metadata, generation: 3 } };
    assert.notEqual(acceptance(changed, gateways), undefined);
  });

  it("get no status from a missing Gateway", () => {
    assert.equal(acceptance(route, new Set(["akash-services/akash-gateway"])), undefined);
  });
});
