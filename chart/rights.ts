import type { ReleaseNames } from "./release.ts";

/** Permissions on resources of one API group, in a namespace or in the whole cluster. */
export interface Right {
  /** The API group; empty for the core group. */
  readonly group: string;
  /** Resources, optionally with a subresource: `pods/log`. */
  readonly resources: readonly string[];
  readonly verbs: readonly string[];
  /** Names of the objects. Default: all objects. */
  readonly names?: readonly string[];
}

/** Permissions in the release's namespace and in the whole cluster. */
export interface ReleaseRights {
  readonly namespaced: readonly Right[];
  readonly cluster: readonly Right[];
}

/** Helm's verbs on the objects of a release. An upgrade and its rollback also create and delete objects. */
const owned = ["create", "delete", "get", "patch"] as const;

/** The resources of each route from port 80 to the provider. */
const routes = {
  "gateway-api": { group: "gateway.networking.k8s.io", resources: ["httproutes"] },
  ingress: { group: "networking.k8s.io", resources: ["ingresses"] },
} as const;

/** The route from port 80 to a provider. */
export type RouteMode = keyof typeof routes;

/** Names of the chart's cluster-wide objects (templates/rbac.yaml, templates/storageclass.yaml). */
function clusterObjects({ fullname }: ReleaseNames) {
  return { binding: `${fullname}-admin`, storageClass: `${fullname}-local-storage` };
}

/**
 * The permissions for `up`, a rotation, `adopt` and the doctor on an installed release.
 *
 * @param names the release's names
 * @param namespace the release's namespace
 * @param modes the routes from port 80 to the provider. Default: both
 */
export function dailyRights(
  names: ReleaseNames,
  namespace: string,
  modes: readonly RouteMode[] = ["gateway-api", "ingress"],
): ReleaseRights {
  const { binding, storageClass } = clusterObjects(names);
  return {
    namespaced: [
      { group: "", resources: ["configmaps", "serviceaccounts", "services"], verbs: owned },
      // Helm stores its revisions in Secrets, and Pulumi waits for their deletion.
      { group: "", resources: ["secrets"], verbs: [...owned, "list", "update", "watch"] },
      { group: "apps", resources: ["statefulsets"], verbs: owned },
      ...modes.map((mode) => ({ ...routes[mode], verbs: owned })),
      { group: "", resources: ["pods"], verbs: ["delete", "get", "list"] },
      { group: "", resources: ["pods/log"], verbs: ["get"] },
    ],
    cluster: [
      { group: "", resources: ["namespaces"], verbs: ["get"], names: [namespace] },
      {
        group: "rbac.authorization.k8s.io",
        resources: ["clusterrolebindings"],
        verbs: ["get"],
        names: [binding],
      },
      {
        group: "storage.k8s.io",
        resources: ["storageclasses"],
        verbs: ["get"],
        names: [storageClass],
      },
    ],
  };
}

/** Further permissions for an upgrade to another chart version, which may change cluster-wide objects. */
export function chartUpgradeRights(names: ReleaseNames): ReleaseRights {
  return { namespaced: [], cluster: onClusterObjects(names, ["patch"]) };
}

/**
 * Optional permissions, which are never checked: to read events and the home volume's claim, which show why a pod does not
 * become ready; to delete the claim of a failed deployment without a volume; to create a pod in a dry run, as a check that
 * the namespace admits it; to detect GKE; and to list cert-manager's orders, which count towards rate limits.
 */
export const readRights: ReleaseRights = {
  namespaced: [
    { group: "", resources: ["events"], verbs: ["list", "watch"] },
    { group: "", resources: ["persistentvolumeclaims"], verbs: ["delete", "get"] },
    { group: "", resources: ["pods"], verbs: ["create"] },
  ],
  cluster: [
    { group: "", resources: ["nodes"], verbs: ["list"] },
    { group: "acme.cert-manager.io", resources: ["orders"], verbs: ["list"] },
  ],
};

/** Further permissions for the first install and for `destroy`: the chart binds its service account to cluster-admin. */
export function installRights(names: ReleaseNames, namespace: string): ReleaseRights {
  return {
    namespaced: [],
    cluster: [
      { group: "", resources: ["namespaces"], verbs: ["patch"], names: [namespace] },
      // The verb create cannot be restricted to names.
      {
        group: "rbac.authorization.k8s.io",
        resources: ["clusterrolebindings"],
        verbs: ["create"],
      },
      { group: "storage.k8s.io", resources: ["storageclasses"], verbs: ["create"] },
      ...onClusterObjects(names, ["delete"]),
      {
        group: "rbac.authorization.k8s.io",
        resources: ["clusterroles"],
        verbs: ["bind"],
        names: ["cluster-admin"],
      },
    ],
  };
}

function onClusterObjects(names: ReleaseNames, verbs: readonly string[]): readonly Right[] {
  const { binding, storageClass } = clusterObjects(names);
  return [
    {
      group: "rbac.authorization.k8s.io",
      resources: ["clusterrolebindings"],
      verbs,
      names: [binding],
    },
    { group: "storage.k8s.io", resources: ["storageclasses"], verbs, names: [storageClass] },
  ];
}
