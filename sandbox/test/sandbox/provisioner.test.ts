import assert from "node:assert/strict";

import { isReleased, volumeFor } from "../../cluster/volumes.ts";

describe("provisioner", function () {
  const claim = {
    metadata: { name: "home", namespace: "akash-services", uid: "1234" },
    spec: {
      storageClassName: "beta3",
      accessModes: ["ReadWriteOnce"],
      resources: { requests: { storage: "10Gi" } },
    },
  };

  it("makes a volume of the claim's class and size, reserved for it", function () {
    const volume = volumeFor(claim);
    assert.equal(volume?.metadata?.name, "pvc-1234");
    assert.equal(volume.spec?.storageClassName, "beta3");
    assert.deepEqual(volume.spec.capacity, { storage: "10Gi" });
    assert.equal(volume.spec.claimRef?.uid, "1234");
  });

  it("makes none for a claim that has one, names no class, or is being deleted", function () {
    const { metadata, spec } = claim;
    assert.equal(volumeFor({ metadata, spec: { ...spec, volumeName: "mine" } }), undefined);
    assert.equal(volumeFor({ metadata, spec: {} }), undefined);
    const deleted = { ...metadata, deletionTimestamp: new Date() };
    assert.equal(volumeFor({ metadata: deleted, spec }), undefined);
  });

  it("ends its own volumes when they are released, and nobody else's", function () {
    const volume = volumeFor(claim);
    assert(volume !== undefined);
    assert.equal(isReleased({ ...volume, status: { phase: "Bound" } }), false);
    assert.equal(isReleased({ ...volume, status: { phase: "Released" } }), true);
    assert.equal(isReleased({ metadata: { name: "nfs" }, status: { phase: "Released" } }), false);
  });
});
