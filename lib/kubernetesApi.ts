import type { ApiException as ApiExceptionType, CoreV1Api } from "@kubernetes/client-node";

/**
 * The core API of the cluster of a kubeconfig's context.
 *
 * @param context default: the kubeconfig's current one
 */
export async function coreApi(context: string | undefined): Promise<CoreV1Api> {
  // Loaded here, since a preview runs no hooks and would only wait for it.
  const { CoreV1Api, KubeConfig } = await import("@kubernetes/client-node");
  const config = new KubeConfig();
  config.loadFromDefault();
  if (context !== undefined) {
    config.setCurrentContext(context);
  }
  return config.makeApiClient(CoreV1Api);
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
