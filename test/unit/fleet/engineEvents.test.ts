import assert from "node:assert/strict";
import type { EngineEvent } from "@pulumi/pulumi/automation/events.js";
import { changeWords, stepOf, violationOf } from "../../../fleet/engineEvents.ts";

const urn = (name: string) => `urn:pulumi:prod::akash::a:b:C$kubernetes:core/v1:Secret::${name}`;

function preEvent(op: string, name = "provider-release"): EngineEvent {
  const metadata = { op, urn: urn(name), type: "", provider: "" };
  return { sequence: 1, timestamp: 1, resourcePreEvent: { metadata } } as EngineEvent;
}

function policyEvent(enforcementLevel: "warning" | "mandatory", resource?: string): EngineEvent {
  const event = {
    ...(resource !== undefined && { resourceUrn: urn(resource) }),
    message: "<{%fg 1%}>No.<{%reset%}>\n",
    policyName: "one-zone",
    policyPackName: "akash-provider",
    enforcementLevel,
  };
  return { sequence: 1, timestamp: 1, policyEvent: event } as EngineEvent;
}

describe("the engine's events", () => {
  it("describe a step", () => {
    assert.equal(stepOf(preEvent("create-replacement", "dns-key")), "replacing dns-key");
    assert.equal(stepOf(preEvent("delete-replaced", "dns-key")), "deleting the previous dns-key");
    assert.equal(stepOf(preEvent("update")), "updating provider-release");
    assert.equal(stepOf(preEvent("create", "a\u001b[2J")), "creating a\\u001b[2J");
  });

  it("describe no step where nothing changes", () => {
    assert.equal(stepOf(preEvent("same")), undefined);
    assert.equal(stepOf(policyEvent("mandatory")), undefined);
  });

  it("describe a policy violation, without colours", () => {
    assert.equal(
      violationOf(policyEvent("mandatory", "dns-grant")),
      "Policy akash-provider/one-zone (dns-grant): No.",
    );
    assert.equal(violationOf(policyEvent("mandatory")), "Policy akash-provider/one-zone: No.");
    assert.equal(violationOf(policyEvent("warning", "dns-grant")), undefined);
    assert.equal(violationOf(preEvent("create")), undefined);
  });

  it("are counted as text", () => {
    assert.equal(changeWords({ same: 12 }), "no changes");
    assert.equal(changeWords({}), "no changes");
    assert.equal(changeWords({ same: 3, update: 1 }), "1 change");
    assert.equal(changeWords({ create: 9, "delete-replaced": 1 }), "10 changes");
  });
});
