import type {
  ApiException as ApiExceptionType,
  ApiType,
  AppsV1Api,
  Configuration,
  CoreV1Api,
} from "@kubernetes/client-node";
import { kubectl } from "./clusterCommand.ts";
import { withSentences } from "./clusterFailure.ts";

type ApiConstructor<Api> = new (config: Configuration) => Api;

/**
 * The core API of the cluster of a kubeconfig's context. Its calls fail with a ClusterUnreachable or a ClusterFailure.
 *
 * @param context default: the kubeconfig's current one
 */
export async function coreApi(context: string | undefined): Promise<CoreV1Api> {
  const { client, make } = await apiMaker(context);
  return make(client.CoreV1Api);
}

/** The API of workloads; as {@link coreApi}. */
export async function appsApi(context: string | undefined): Promise<AppsV1Api> {
  const { client, make } = await apiMaker(context);
  return make(client.AppsV1Api);
}

async function apiMaker(context: string | undefined) {
  // Loaded here, since a preview runs no hooks and would only wait for it.
  const client = await import("@kubernetes/client-node");
  const config = new client.KubeConfig();
  config.loadFromDefault();
  if (context !== undefined) {
    config.setCurrentContext(context);
  }
  const place = { server: config.getCurrentCluster()?.server, context: config.currentContext };
  const command = kubectl({ kubeContext: context }, "cluster-info");
  return {
    client,
    make: <Api extends ApiType>(type: ApiConstructor<Api>): Api =>
      withSentences(config.makeApiClient(type), place, command),
  };
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
