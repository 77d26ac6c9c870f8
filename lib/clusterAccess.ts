import type { AuthorizationV1Api, V1ResourceAttributes } from "@kubernetes/client-node";
import { connectionTo, type ClusterChoice } from "./kubeconfig.ts";
import { authenticationApi, authorizationApi } from "./kubernetesApi.ts";

/** The permissions of the current identity in a cluster, as reported by the cluster. */
export interface ClusterAccess {
  /** The API server's address, for messages. */
  readonly server: string;
  /**
   * Whether the identity has a permission
   * (https://kubernetes.io/docs/reference/access-authn-authz/authorization/#checking-api-access).
   */
  readonly allows: (attributes: V1ResourceAttributes) => Promise<boolean>;
  /** The identity's name, or undefined where the cluster does not report it: before Kubernetes 1.28. */
  readonly user: () => Promise<string | undefined>;
}

/**
 * The access to a cluster.
 *
 * @param choice the cluster
 */
export function clusterAccess(choice: ClusterChoice): ClusterAccess {
  // One client for all requests.
  let authorization: Promise<AuthorizationV1Api> | undefined;
  return {
    server: connectionTo(choice).address,
    allows: async (resourceAttributes) => {
      authorization ??= authorizationApi(choice);
      const { status } = await (
        await authorization
      ).createSelfSubjectAccessReview({
        body: { spec: { resourceAttributes } },
      });
      return status?.allowed === true;
    },
    user: async () => {
      const api = await authenticationApi(choice);
      try {
        const { status } = await api.createSelfSubjectReview({ body: {} });
        return status?.userInfo?.username;
      } catch {
        return undefined;
      }
    },
  };
}
