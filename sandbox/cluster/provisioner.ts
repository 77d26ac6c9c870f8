/**
 * The part of the sandbox that makes volumes, as the provisioners of `beta3` (Rook) and of
 * `akash-provider-local-storage` (local-path) do on a real cluster: a volume for every claim of a storage
 * class of theirs, and the end of a volume whose claim has gone.
 *
 * Usage: node provisioner.ts <kubeconfig>
 */
import { ApiException, CoreV1Api, KubeConfig, StorageV1Api } from "@kubernetes/client-node";
import { withEachChange } from "./changes.ts";
import { isReleased, volumeFor } from "./volumes.ts";

const watched = [
  "/api/v1/persistentvolumeclaims",
  "/api/v1/persistentvolumes",
  "/apis/storage.k8s.io/v1/storageclasses",
];

async function reconcile(api: CoreV1Api, storage: StorageV1Api): Promise<void> {
  const claims = await api.listPersistentVolumeClaimForAllNamespaces();
  const classes = await storage.listStorageClass();
  for (const volume of claims.items.flatMap((claim) => volumeFor(claim, classes.items) ?? [])) {
    await api.createPersistentVolume({ body: volume }).catch(unlessStatus(409));
  }
  const volumes = await api.listPersistentVolume();
  for (const volume of volumes.items.filter(isReleased)) {
    await api
      .deletePersistentVolume({ name: volume.metadata?.name ?? "" })
      .catch(unlessStatus(404));
  }
}

function unlessStatus(code: number): (error: unknown) => void {
  return (error) => {
    if (!(error instanceof ApiException) || error.code !== code) {
      throw error;
    }
  };
}

async function main(kubeconfig: string): Promise<never> {
  const config = new KubeConfig();
  config.loadFromFile(kubeconfig);
  const api = config.makeApiClient(CoreV1Api);
  const storage = config.makeApiClient(StorageV1Api);
  return withEachChange(config, watched, () => reconcile(api, storage));
}

const [kubeconfig] = process.argv.slice(2);
if (kubeconfig === undefined) {
  process.stderr.write("Usage: node provisioner.ts <kubeconfig>\n");
  process.exit(2);
}
await main(kubeconfig);
