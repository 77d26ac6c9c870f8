/**
 * The part of the sandbox that makes volumes, as the provisioners of `beta3` (Rook) and of
 * `akash-provider-local-storage` (local-path) do on a real cluster: a volume for every claim of a storage
 * class of theirs, and the end of a volume whose claim has gone.
 *
 * Usage: node provisioner.ts <kubeconfig>
 */
import { setTimeout as delay } from "node:timers/promises";
import { ApiException, CoreV1Api, KubeConfig, StorageV1Api } from "@kubernetes/client-node";
import { messageOf } from "../../lib/errors.ts";
import { isReleased, volumeFor } from "./volumes.ts";

/** Milliseconds between two looks. Listing is cheap for one node, and needs no care for broken watches. */
const interval = 500;
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
  for (;;) {
    try {
      await reconcile(api, storage);
    } catch (error) {
      // The API server is away for a moment; the next look makes up for it.
      process.stderr.write(`${new Date().toISOString()} ${messageOf(error)}\n`);
    }
    await delay(interval);
  }
}

const [kubeconfig] = process.argv.slice(2);
if (kubeconfig === undefined) {
  process.stderr.write("Usage: node provisioner.ts <kubeconfig>\n");
  process.exit(2);
}
await main(kubeconfig);
