import type {
  V1PersistentVolume,
  V1PersistentVolumeClaim,
  V1StorageClass,
} from "@kubernetes/client-node";

const provisionerName = "sandbox";
const provisionedBy = "pv.kubernetes.io/provisioned-by";
/**
 * The emulated provisioners. Claims of another provisioner's class get no volumes, as if that provisioner does not
 * run.
 */
const emulated = [provisionerName, "rancher.io/local-path"];

/**
 * The volume for a claim, already reserved for it; undefined for a claim that needs none or is of another class. A
 * reserved volume is bound at once, even if the class waits for the first consumer: there is only one node to
 * choose.
 */
export function volumeFor(
  claim: V1PersistentVolumeClaim,
  classes: readonly V1StorageClass[],
): V1PersistentVolume | undefined {
  const { name = "", namespace = "", uid = "", deletionTimestamp } = claim.metadata ?? {};
  const { storageClassName, volumeName, accessModes, resources, volumeMode } = claim.spec ?? {};
  if (
    deletionTimestamp !== undefined ||
    storageClassName === undefined ||
    volumeName !== undefined ||
    !classes.some(
      ({ metadata, provisioner }) =>
        metadata?.name === storageClassName && emulated.includes(provisioner),
    )
  ) {
    return undefined;
  }
  return {
    apiVersion: "v1",
    kind: "PersistentVolume",
    metadata: { name: `pvc-${uid}`, annotations: { [provisionedBy]: provisionerName } },
    spec: {
      storageClassName,
      accessModes: accessModes ?? ["ReadWriteOnce"],
      capacity: { storage: resources?.requests?.storage ?? "1Gi" },
      volumeMode: volumeMode ?? "Filesystem",
      persistentVolumeReclaimPolicy: "Delete",
      claimRef: { apiVersion: "v1", kind: "PersistentVolumeClaim", name, namespace, uid },
      // kwok emulates the node and mounts nothing.
      hostPath: { path: `/var/lib/sandbox/pvc-${uid}` },
    },
  };
}

/** Whether the claim of this volume is deleted. */
export function isReleased(volume: V1PersistentVolume): boolean {
  return (
    volume.metadata?.annotations?.[provisionedBy] === provisionerName &&
    volume.status?.phase === "Released"
  );
}
