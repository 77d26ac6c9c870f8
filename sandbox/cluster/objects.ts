import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { KubernetesObject } from "@kubernetes/client-node";
import {
  ApiextensionsV1Api,
  KubeConfig,
  KubernetesObjectApi,
  loadAllYaml,
  PatchStrategy,
} from "../../lib/kubernetesClient.ts";
import { waitFor } from "../processes/wait.ts";

/** An object of which only the identity is known. */
type Manifest = KubernetesObject & { readonly kind: string };

const fieldManager = "sandbox";

/** The types of the Gateway API that a provider's gateway and routes are of; each further one costs the API server time. */
const gatewayTypes = ["gatewayclasses", "gateways", "httproutes", "tlsroutes"];

/** The part of kwok's type `Logs` that podLog.ts uses. */
const logsSchema = {
  type: "object",
  properties: {
    spec: {
      type: "object",
      properties: {
        logs: {
          type: "array",
          items: {
            type: "object",
            properties: { logsFile: { type: "string" }, previousLogsFile: { type: "string" } },
          },
        },
      },
    },
  },
};

/**
 * What an Akash provider finds on its cluster before it is installed, apart from the Gateway API's types, and what the
 * sandbox needs of its own.
 */
export const clusterObjects: readonly Manifest[] = [
  {
    apiVersion: "v1",
    kind: "Node",
    metadata: {
      name: "sandbox",
      labels: {
        "kubernetes.io/hostname": "sandbox",
        "kubernetes.io/os": "linux",
        "kubernetes.io/arch": "amd64",
      },
    },
  },
  {
    apiVersion: "storage.k8s.io/v1",
    kind: "StorageClass",
    // Akash's name for persistent storage on NVMe; the provider's own volume is usually of it.
    metadata: { name: "beta3" },
    provisioner: "sandbox",
    reclaimPolicy: "Delete",
    volumeBindingMode: "Immediate",
  } as Manifest,
  {
    apiVersion: "networking.k8s.io/v1",
    kind: "IngressClass",
    metadata: { name: "akash-ingress-class" },
    spec: { controller: "k8s.io/ingress-nginx" },
  } as Manifest,
  { apiVersion: "v1", kind: "Namespace", metadata: { name: "akash-gateway" } },
  {
    apiVersion: "apiextensions.k8s.io/v1",
    kind: "CustomResourceDefinition",
    // By which kwok is told where a pod's logs are (podLog.ts); it has a schema of its own for it.
    metadata: { name: "logs.kwok.x-k8s.io" },
    spec: {
      group: "kwok.x-k8s.io",
      names: { kind: "Logs", listKind: "LogsList", plural: "logs", singular: "logs" },
      scope: "Namespaced",
      versions: [
        {
          name: "v1alpha1",
          served: true,
          storage: true,
          schema: { openAPIV3Schema: logsSchema },
        },
      ],
    },
  } as Manifest,
];

/** The gateway that the provider's routes attach to. Needs the Gateway API's types. */
export const gatewayObjects: readonly Manifest[] = [
  {
    apiVersion: "gateway.networking.k8s.io/v1",
    kind: "GatewayClass",
    metadata: { name: "nginx" },
    spec: { controllerName: "gateway.nginx.org/nginx-gateway-controller" },
  } as Manifest,
  {
    apiVersion: "gateway.networking.k8s.io/v1",
    kind: "Gateway",
    metadata: { name: "akash-gateway", namespace: "akash-gateway" },
    spec: {
      gatewayClassName: "nginx",
      listeners: [
        {
          name: "http",
          port: 80,
          protocol: "HTTP",
          allowedRoutes: { namespaces: { from: "All" } },
        },
        {
          name: "https",
          port: 443,
          protocol: "TLS",
          tls: { mode: "Passthrough" },
          allowedRoutes: { namespaces: { from: "All" } },
        },
      ],
    },
  } as Manifest,
];

/**
 * Applies all of these objects; those that exist are brought to what is said here.
 *
 * @param gatewayApi Folder with the manifests of the Gateway API's types.
 * @returns how many objects there are.
 */
export async function applyObjects(kubeconfig: string, gatewayApi: string): Promise<number> {
  const config = new KubeConfig();
  config.loadFromFile(kubeconfig);
  const api = KubernetesObjectApi.makeApiClient(config);
  const types = readManifests(gatewayApi);
  await Promise.all([...clusterObjects, ...types].map((object) => apply(api, object)));

  const definitions = config.makeApiClient(ApiextensionsV1Api);
  const names = [...clusterObjects, ...types]
    .filter(({ kind }) => kind === "CustomResourceDefinition")
    .map(({ metadata }) => metadata?.name ?? "");
  await waitFor(
    async () => {
      const { items } = await definitions.listCustomResourceDefinition();
      const established = items
        .filter(({ status }) =>
          status?.conditions?.some(
            ({ type, status }) => type === "Established" && status === "True",
          ),
        )
        .map(({ metadata }) => metadata?.name);
      return names.every((name) => established.includes(name));
    },
    { what: "the types of objects", timeout: 30_000 },
  );
  await Promise.all(gatewayObjects.map((object) => apply(api, object)));
  return clusterObjects.length + types.length + gatewayObjects.length;
}

async function apply(api: KubernetesObjectApi, object: Manifest): Promise<void> {
  const force = true;
  await api.patch(object, undefined, undefined, fieldManager, force, PatchStrategy.ServerSideApply);
}

function readManifests(directory: string): Manifest[] {
  return (
    readdirSync(directory)
      .filter((file) => gatewayTypes.some((type) => file.endsWith(`_${type}.yaml`)))
      // The types are a megabyte of YAML, which this reader is through with three times as fast as the package `yaml`.
      .flatMap((file) => loadAllYaml(readFileSync(join(directory, file), "utf8")) as Manifest[])
      .filter((object) => object !== null)
  );
}
