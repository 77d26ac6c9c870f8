import assert from "node:assert/strict";
import { handedToPulumi } from "../../../../adopt/cluster/fieldManagers.ts";

describe("the field managers of a transferred Secret", () => {
  it("are only Pulumi, with the fields of all managers", () => {
    const entry = { apiVersion: "v1", fieldsType: "FieldsV1", operation: "Update" };
    const handed = handedToPulumi([
      { ...entry, manager: "helm", fieldsV1: { "f:data": { "f:a": {} }, "f:type": {} } },
      { ...entry, manager: "kubectl-edit", fieldsV1: { "f:data": { "f:b": {} } } },
    ]);
    assert.deepEqual(handed, [
      {
        ...entry,
        manager: "pulumi-kubernetes",
        fieldsV1: { "f:data": { "f:a": {}, "f:b": {} }, "f:type": {} },
      },
    ]);
  });

  it("stay empty", () => {
    assert.deepEqual(handedToPulumi([]), []);
  });
});
