/**
 * The part of the sandbox that makes volumes, as the provisioners of `beta3` (Rook) and of
 * `akash-provider-local-storage` (local-path) do on a real cluster: a volume for every claim of a storage
 * class, whatever its provisioner is called, and the end of a volume whose claim has gone.
 *
 * Usage: node provisioner.ts <kubeconfig>
 */
import { ApiException, CoreV1Api, KubeConfig } from "../../lib/kubernetesClient.ts";
import { withEachChange } from "./changes.ts";
import { isReleased, volumeFor } from "./volumes.ts";

const watched = ["/api/v1/persistentvolumeclaims", "/api/v1/persistentvolumes"];

async function reconcile(api: CoreV1Api): Promise<void> {
  const claims = await api.listPersistentVolumeClaimForAllNamespaces();
  for (const volume of claims.items.flatMap((claim) => volumeFor(claim) ?? [])) {
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
  return withEachChange(config, watched, () => reconcile(api));
}

const [kubeconfig] = process.argv.slice(2);
if (kubeconfig === undefined) {
  process.stderr.write("Usage: node provisioner.ts <kubeconfig>\n");
  process.exit(2);
}
await main(kubeconfig);
