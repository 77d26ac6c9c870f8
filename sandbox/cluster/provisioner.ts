/**
 * The part of the sandbox that creates volumes, as the provisioners of `beta3` (Rook) and of
 * `akash-provider-local-storage` (local-path) do on a real cluster: it creates a volume for every claim of their
 * storage classes, and deletes the volume of a deleted claim.
 *
 * Usage: node provisioner.ts <kubeconfig>
 */
import { flushCompileCache } from "node:module";
import type {
  V1PersistentVolume,
  V1PersistentVolumeClaim,
  V1StorageClass,
} from "@kubernetes/client-node";
import { Api, hasStatus } from "./api.ts";
import { withEachChange } from "./changes.ts";
import { isReleased, volumeFor } from "./volumes.ts";

const claimsPath = "/api/v1/persistentvolumeclaims";
const volumesPath = "/api/v1/persistentvolumes";
const classesPath = "/apis/storage.k8s.io/v1/storageclasses";

async function reconcile(api: Api): Promise<void> {
  const claims = await api.list<V1PersistentVolumeClaim>(claimsPath);
  const classes = await api.list<V1StorageClass>(classesPath);
  for (const volume of claims.flatMap((claim) => volumeFor(claim, classes) ?? [])) {
    await api.create(volumesPath, volume).catch(unlessStatus(409));
  }
  const volumes = await api.list<V1PersistentVolume>(volumesPath);
  for (const { metadata } of volumes.filter(isReleased)) {
    await api.delete(`${volumesPath}/${metadata?.name ?? ""}`).catch(unlessStatus(404));
  }
}

function unlessStatus(status: number): (error: unknown) => void {
  return (error) => {
    if (!hasStatus(error, status)) {
      throw error;
    }
  };
}

function main(kubeconfig: string): Promise<never> {
  const api = new Api(kubeconfig);
  // The process is ended with a signal, which would leave no time for this.
  flushCompileCache();
  return withEachChange(api, [claimsPath, volumesPath, classesPath], () => reconcile(api));
}

const [kubeconfig] = process.argv.slice(2);
if (kubeconfig === undefined) {
  process.stderr.write("Usage: node provisioner.ts <kubeconfig>\n");
  process.exit(2);
}
await main(kubeconfig);
