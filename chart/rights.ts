import type { ReleaseNames } from "./release.ts";

/** Verbs on resources of one API group, in a namespace or in the whole cluster. */
export interface Right {
  /** The API group; empty for the core one. */
  readonly group: string;
  /** Resources, each with its subresource if it is about one: `pods/log`. */
  readonly resources: readonly string[];
  readonly verbs: readonly string[];
  /** Names of the objects. Default: all of them. */
  readonly names?: readonly string[];
}

/** Rights in the release's namespace, and in the whole cluster. */
export interface ReleaseRights {
  readonly namespaced: readonly Right[];
  readonly cluster: readonly Right[];
}

/** What Helm does with the objects of a release: an upgrade also makes and deletes some, and so does its undoing. */
const owned = ["create", "delete", "get", "patch"] as const;

/** How port 80 reaches the provider, by the resource that leads to it. */
const routes = {
  "gateway-api": { group: "gateway.networking.k8s.io", resources: ["httproutes"] },
  ingress: { group: "networking.k8s.io", resources: ["ingresses"] },
} as const;

/** How port 80 reaches a provider. */
export type RouteMode = keyof typeof routes;

/** Names of the objects of the chart that belong to no namespace (templates/rbac.yaml, templates/storageclass.yaml). */
function clusterObjects({ fullname }: ReleaseNames) {
  return { binding: `${fullname}-admin`, storageClass: `${fullname}-local-storage` };
}

/**
 * What `up`, a rotation, `adopt` and the doctor take where the release is installed already.
 *
 * @param names the release's names
 * @param namespace the release's namespace
 * @param modes how port 80 reaches the provider. Default: either way
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
      // Helm keeps its revisions in them, and Pulumi waits for their end.
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

/** What else an upgrade to another version of the chart takes, which may change the objects of the whole cluster. */
export function chartUpgradeRights(names: ReleaseNames): ReleaseRights {
  return { namespaced: [], cluster: onClusterObjects(names, ["patch"]) };
}

/**
 * What is looked at, and done, where it may be, and so is never asked about: events and the home volume's claim, which say
 * why something does not get ready; the removal of a claim without a volume that a failed deployment has left; a pod
 * that is tried without being made, as to whether the namespace admits it; whether the cluster is one of GKE; and
 * cert-manager's orders, which count for rate limits.
 */
export const lookingRights: ReleaseRights = {
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

/** What else the first install takes, and its end: the chart binds its service account to cluster-admin. */
export function installRights(names: ReleaseNames, namespace: string): ReleaseRights {
  return {
    namespaced: [],
    cluster: [
      { group: "", resources: ["namespaces"], verbs: ["patch"], names: [namespace] },
      // A new object has no name yet that a right could be restricted to.
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
