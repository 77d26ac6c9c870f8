import type { V1ValidatingWebhookConfiguration } from "@kubernetes/client-node";
import { waitFor } from "../../sandbox/processes/wait.ts";
import type { Cluster } from "./kubernetesObjects.ts";
import { SilentServer } from "./silentServer.ts";

const configuration = {
  apiVersion: "admissionregistration.k8s.io/v1",
  kind: "ValidatingWebhookConfiguration",
} as const;

/**
 * Blocks every write of a Secret in a namespace, by a webhook that does not respond, from the time when the promise
 * is fulfilled until the returned function is called. Blocked writes then fail.
 */
export async function holdSecretWrites(
  { core, objects }: Cluster,
  namespace: string,
): Promise<() => Promise<void>> {
  const server = await SilentServer.start("says nothing");
  const metadata = { name: `held-${namespace}` };
  await objects.create<V1ValidatingWebhookConfiguration>({
    ...configuration,
    metadata,
    webhooks: [
      {
        name: "secrets.example.test",
        admissionReviewVersions: ["v1"],
        clientConfig: { url: `https://127.0.0.1:${server.port}/` },
        failurePolicy: "Fail",
        namespaceSelector: { matchLabels: { "kubernetes.io/metadata.name": namespace } },
        rules: [
          {
            apiGroups: [""],
            apiVersions: ["v1"],
            operations: ["CREATE", "UPDATE"],
            resources: ["secrets"],
          },
        ],
        sideEffects: "None",
        timeoutSeconds: 30,
      },
    ],
  });
  // The API server takes a moment to load the webhook.
  const isAsked = () => {
    const body = { metadata: { generateName: "held-" } };
    core.createNamespacedSecret({ namespace, body, dryRun: "All" }).catch(() => undefined);
    return server.taken > 0;
  };
  await waitFor(isAsked, { what: "the webhook", timeout: 30_000, interval: 250 });
  return async () => {
    await objects.delete({ ...configuration, metadata });
    server.stop();
  };
}
