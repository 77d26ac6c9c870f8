import type {
  ApiException as ApiExceptionType,
  AppsV1Api,
  CoreV1Api,
} from "@kubernetes/client-node";

/**
 * The core API of the cluster of a kubeconfig's context.
 *
 * @param context default: the kubeconfig's current one
 */
export async function coreApi(context: string | undefined): Promise<CoreV1Api> {
  const { config, client } = await kubeConfig(context);
  return config.makeApiClient(client.CoreV1Api);
}

/** The API of workloads; as {@link coreApi}. */
export async function appsApi(context: string | undefined): Promise<AppsV1Api> {
  const { config, client } = await kubeConfig(context);
  return config.makeApiClient(client.AppsV1Api);
}

async function kubeConfig(context: string | undefined) {
  // Loaded here, since a preview runs no hooks and would only wait for it.
  const client = await import("@kubernetes/client-node");
  const config = new client.KubeConfig();
  config.loadFromDefault();
  if (context !== undefined) {
    config.setCurrentContext(context);
  }
  return { config, client };
}

/** What a read answers, or undefined where there is no such object. */
export async function unlessMissing<T>(read: Promise<T>): Promise<T | undefined> {
  try {
    return await read;
  } catch (error) {
    if ((error as Partial<ApiExceptionType<unknown>>).code === 404) {
      return undefined;
    }
    throw error;
  }
}
