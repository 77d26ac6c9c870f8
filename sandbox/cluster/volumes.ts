import type {
  V1PersistentVolume,
  V1PersistentVolumeClaim,
  V1StorageClass,
} from "@kubernetes/client-node";

const provisionerName = "sandbox";
const provisionedBy = "pv.kubernetes.io/provisioned-by";
/** Those that the sandbox plays. A class of another gets no volumes, as one whose provisioner does not run. */
const played = [provisionerName, "rancher.io/local-path"];

/**
 * The volume for a claim, already reserved for it, or undefined for a claim that needs none or names none of these
 * classes. A reserved volume is bound at once, even where the class waits for the first consumer; one node leaves nothing
 * to wait for.
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
        metadata?.name === storageClassName && played.includes(provisioner),
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
      // The node is played by kwok, which mounts nothing.
      hostPath: { path: `/var/lib/sandbox/pvc-${uid}` },
    },
  };
}

/** Whether the claim that this volume was made for has gone. */
export function isReleased(volume: V1PersistentVolume): boolean {
  return (
    volume.metadata?.annotations?.[provisionedBy] === provisionerName &&
    volume.status?.phase === "Released"
  );
}
