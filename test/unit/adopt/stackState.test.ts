import assert from "node:assert/strict";
import { importedResources, urnOf } from "../../../adopt/plan.ts";
import { stillToImport } from "../../../adopt/stackState.ts";

const identity = { project: "akash-provider-letsencrypt", stack: "prod" };
const resources = importedResources(
  { namespace: "akash-services", releaseName: "akash-provider" },
  { wallet: "akash-provider-keys" },
);
const stateWith = (names: readonly string[], id = "akash-services/akash-provider") =>
  new Map(
    resources
      .filter(({ name }) => names.includes(name))
      .map((resource) => [urnOf(identity, resource), id]),
  );

describe("the resources that an adoption must still import", () => {
  const missing = (state: Parameters<typeof stillToImport>[2]) =>
    stillToImport(identity, resources, state).map(({ name }) => name);

  it("are all resources where the stack is new or empty", () => {
    const all = ["provider-namespace", "provider-wallet", "provider-release"];
    assert.deepEqual(missing(undefined), all);
    assert.deepEqual(missing(new Map()), all);
  });

  it("are the rest after an interrupted adoption, with or without the release", () => {
    assert.deepEqual(missing(stateWith(["provider-namespace", "provider-release"])), [
      "provider-wallet",
    ]);
    assert.deepEqual(missing(stateWith(["provider-wallet"])), [
      "provider-namespace",
      "provider-release",
    ]);
  });

  it("are refused where the stack has everything", () => {
    assert.throws(() => missing(stateWith(resources.map(({ name }) => name))), {
      name: "UserError",
      message: /^The stack prod already has this provider\..*pulumi preview -s prod --diff$/,
    });
  });

  it("are refused where the stack has another release", () => {
    assert.throws(() => missing(stateWith(["provider-release"], "other/akash-provider")), {
      name: "UserError",
      message: /^The stack prod already has another release, other\/akash-provider\./,
    });
  });
});
