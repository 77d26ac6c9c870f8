import type { ReleaseRights } from "../../chart/rights.ts";
import type { ClusterAccess } from "../../lib/clusterAccess.ts";
import { applyCommand, bindCommand, mayDoAnything, refuseLack } from "../clusterRights.ts";
import { acmeApi, certManagerApi, ingressCredentialSecret } from "./certManager.ts";
import type { IngressPlace } from "./place.ts";

/** What Pulumi does with objects that it makes. */
const managed = ["create", "delete", "get", "patch"] as const;

/**
 * What `up`, a rotation and `destroy` take for a wildcard certificate, beside the rights on the provider's release.
 *
 * @param namespace namespace of the certificate
 */
export function ingressRights(namespace: string): ReleaseRights {
  const secrets = Object.values(ingressCredentialSecret).map(({ name }) => name);
  return {
    namespaced: [
      // A new object has no name yet that a right could be restricted to; and until one that it deletes is gone, the plugin
      // watches all of the namespace (pulumi-kubernetes, provider/pkg/await/informers/factory.go), without which it waits
      // ten minutes.
      { group: "", resources: ["secrets"], verbs: ["create", "list", "watch"] },
      { group: "", resources: ["secrets"], verbs: ["delete", "get", "patch"], names: secrets },
      {
        group: certManagerApi.group,
        resources: ["certificates", "issuers"],
        verbs: [...managed, "list", "watch"],
      },
      // Who else fills the certificate's Secret, and who serves it.
      { group: "networking.k8s.io", resources: ["ingresses"], verbs: ["list"] },
      { group: "gateway.networking.k8s.io", resources: ["gateways"], verbs: ["get", "list"] },
      { group: "gateway.networking.k8s.io", resources: ["referencegrants"], verbs: ["list"] },
    ],
    cluster: [
      { group: "", resources: ["namespaces"], verbs: ["get", "patch"], names: [namespace] },
    ],
  };
}

/** What the doctor looks at where it may, and so is never asked about: the certificate, and what is ordered for it. */
export function ingressLookingRights(secretName: string): ReleaseRights {
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
 * Refuses what the cluster would refuse half way: asks it for every right that the certificate takes. A cluster that does
 * not answer, or does not tell, is left to the attempt.
 *
 * @throws RunError with all rights that are missing, and the commands that give them
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
  await refuseLack(access, {
    namespace,
    rights: [ingressRights(namespace)],
    commands: (user) => [
      applyCommand("wildcard-rights.yaml", { NAMESPACE: namespace, SECRET: secretName }),
      bindCommand({ role, namespace, user }),
      bindCommand({ role: `${namespace}-${role}`, user }),
    ],
  });
}
