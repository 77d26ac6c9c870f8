import type { ReleaseRights } from "../../chart/rights.ts";
import type { ClusterAccess } from "../../lib/clusterAccess.ts";
import { applyCommand, bindCommand, mayDoAnything, refuseWithoutRights } from "../clusterRights.ts";
import { acmeApi, certManagerApi, ingressCredentialSecret } from "./certManager.ts";
import type { IngressPlace } from "./place.ts";

/** Pulumi's verbs on its own objects. */
const managed = ["create", "delete", "get", "patch"] as const;

/**
 * The permissions for `up`, a rotation and `destroy` of a wildcard certificate, in addition to those on the provider's release.
 *
 * @param namespace namespace of the certificate
 */
export function ingressRights(namespace: string): ReleaseRights {
  const secrets = Object.values(ingressCredentialSecret).map(({ name }) => name);
  return {
    namespaced: [
      // The verb create cannot be restricted to names. After a deletion, the plugin watches the Secrets of the whole
      // namespace until the object is gone (pulumi-kubernetes, provider/pkg/await/informers/factory.go); without this
      // permission it waits ten minutes.
      { group: "", resources: ["secrets"], verbs: ["create", "list", "watch"] },
      { group: "", resources: ["secrets"], verbs: ["delete", "get", "patch"], names: secrets },
      {
        group: certManagerApi.group,
        resources: ["certificates", "issuers"],
        verbs: [...managed, "list", "watch"],
      },
      // For other objects that fill the certificate's Secret, and for the Gateway that serves the certificate.
      { group: "networking.k8s.io", resources: ["ingresses"], verbs: ["list"] },
      { group: "gateway.networking.k8s.io", resources: ["gateways"], verbs: ["get", "list"] },
      { group: "gateway.networking.k8s.io", resources: ["referencegrants"], verbs: ["list"] },
    ],
    cluster: [
      { group: "", resources: ["namespaces"], verbs: ["get", "patch"], names: [namespace] },
    ],
  };
}

/** Optional permissions of the doctor, which are never checked: to read the certificate and its orders. */
export function ingressReadRights(secretName: string): ReleaseRights {
  return {
    namespaced: [
      { group: "", resources: ["secrets"], verbs: ["get"], names: [secretName] },
      { group: certManagerApi.group, resources: ["certificaterequests"], verbs: ["list"] },
      { group: acmeApi.group, resources: ["challenges", "orders"], verbs: ["list"] },
    ],
    cluster: [],
  };
}

/**
 * Fails before the cluster would refuse a later step: checks every permission that the certificate needs. An unreachable
 * cluster, or one that does not report permissions, is left to the attempt.
 *
 * @throws RunError with all missing permissions, and the commands that grant them
 */
export async function refuseMissingIngressRights(
  cluster: { readonly access: () => Promise<ClusterAccess> },
  { namespace, secretName }: IngressPlace,
): Promise<void> {
  let access: ClusterAccess;
  try {
    access = await cluster.access();
    if (await mayDoAnything(access)) {
      return;
    }
  } catch {
    return;
  }
  const role = "wildcard-pulumi";
  await refuseWithoutRights(access, {
    namespace,
    rights: [ingressRights(namespace)],
    commands: (user) => [
      applyCommand("wildcard-rights.yaml", { NAMESPACE: namespace, SECRET: secretName }),
      bindCommand({ role, namespace, user }),
      bindCommand({ role: `${namespace}-${role}`, user }),
    ],
  });
}
