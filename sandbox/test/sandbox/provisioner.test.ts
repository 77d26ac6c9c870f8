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

  const classes = [
    { metadata: { name: "beta3" }, provisioner: "sandbox" },
    { metadata: { name: "local" }, provisioner: "rancher.io/local-path" },
    { metadata: { name: "manual" }, provisioner: "kubernetes.io/no-provisioner" },
  ];

  it("creates a volume of the claim's class and size, reserved for it", function () {
    const volume = volumeFor(claim, classes);
    assert.equal(volume?.metadata?.name, "pvc-1234");
    assert.equal(volume.spec?.storageClassName, "beta3");
    assert.deepEqual(volume.spec.capacity, { storage: "10Gi" });
    assert.equal(volume.spec.claimRef?.uid, "1234");
  });

  it("creates none for a claim that has one, names no class, or is being deleted", function () {
    const { metadata, spec } = claim;
    assert.equal(
      volumeFor({ metadata, spec: { ...spec, volumeName: "mine" } }, classes),
      undefined,
    );
    assert.equal(volumeFor({ metadata, spec: {} }, classes), undefined);
    const deleted = { ...metadata, deletionTimestamp: new Date() };
    assert.equal(volumeFor({ metadata: deleted, spec }, classes), undefined);
  });

  it("creates one only for an existing class whose provisioner it emulates", function () {
    const made = ["beta3", "local", "manual", "gone"].filter((storageClassName) =>
      volumeFor({ ...claim, spec: { ...claim.spec, storageClassName } }, classes),
    );
    assert.deepEqual(made, ["beta3", "local"]);
  });

  it("deletes only its own volumes when they are released", function () {
    const volume = volumeFor(claim, classes);
    assert(volume !== undefined);
    assert.equal(isReleased({ ...volume, status: { phase: "Bound" } }), false);
    assert.equal(isReleased({ ...volume, status: { phase: "Released" } }), true);
    assert.equal(isReleased({ metadata: { name: "nfs" }, status: { phase: "Released" } }), false);
  });
});
