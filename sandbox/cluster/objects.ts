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
import { Api } from "./api.ts";

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

/** What the gateway has beside that for tenants' hosts, as Akash's gateway chart makes it. */
export const wildcardGateway = {
  apiVersion: "gateway.networking.k8s.io/v1",
  kind: "Gateway",
  metadata: { name: "akash-gateway", namespace: "akash-gateway" },
  spec: {
    gatewayClassName: "nginx",
    listeners: [
      {
        name: "https-wildcard",
        hostname: "*.ingress.example.test",
        port: 443,
        protocol: "HTTPS",
        tls: { mode: "Terminate", certificateRefs: [{ name: "wildcard-ingress-tls" }] },
        allowedRoutes: { namespaces: { from: "All" } },
      },
    ],
  },
} as Manifest;

/**
 * Applies all of these objects; those that exist are brought to what is said here.
 *
 * @param gatewayApi Folder with the manifests of the Gateway API's types.
 * @returns how many objects there are.
 */
export async function applyObjects(kubeconfig: string, gatewayApi: string): Promise<number> {
  const types = readTypes(gatewayApi, gatewayTypes);
  await applyAll(kubeconfig, [...clusterObjects, ...types]);
  await servedTypes(kubeconfig, [...clusterObjects, ...types]);
  await applyAll(kubeconfig, gatewayObjects);
  return clusterObjects.length + types.length + gatewayObjects.length;
}

/**
 * Applies cert-manager's types, and the listener that serves what it obtains.
 *
 * @param certManager Folder with the manifests of its types.
 * @returns how many objects there are.
 */
export async function applyCertManagerObjects(
  kubeconfig: string,
  certManager: string,
): Promise<number> {
  const types = readTypes(certManager);
  await Promise.all(types.map((type) => applyUnread(kubeconfig, type)));
  await servedTypes(kubeconfig, types);
  // With a name of its own, so that the gateway's other listeners stay.
  await applyAll(kubeconfig, [wildcardGateway], `${fieldManager}-wildcard`);
  return types.length + 1;
}

async function applyAll(
  kubeconfig: string,
  objects: readonly Manifest[],
  manager?: string,
): Promise<void> {
  const config = new KubeConfig();
  config.loadFromFile(kubeconfig);
  const api = KubernetesObjectApi.makeApiClient(config);
  await Promise.all(objects.map((object) => apply(api, object, manager)));
}

/** Waits until the types among objects are served. */
async function servedTypes(kubeconfig: string, objects: readonly Manifest[]): Promise<void> {
  const config = new KubeConfig();
  config.loadFromFile(kubeconfig);
  const definitions = config.makeApiClient(ApiextensionsV1Api);
  const names = objects
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
}

async function apply(
  api: KubernetesObjectApi,
  object: Manifest,
  manager = fieldManager,
): Promise<void> {
  const force = true;
  await api.patch(object, undefined, undefined, manager, force, PatchStrategy.ServerSideApply);
}

/**
 * Applies a type as it is written: the client drops what its own types name otherwise, such as `default` and all that begins
 * with `x-kubernetes-` in a schema, without which cert-manager's are refused.
 */
async function applyUnread(kubeconfig: string, { metadata, ...type }: Manifest): Promise<void> {
  const path = `/apis/apiextensions.k8s.io/v1/customresourcedefinitions/${metadata?.name ?? ""}`;
  await new Api(kubeconfig).apply(path, { ...type, metadata }, fieldManager);
}

/** The manifests of the types in a folder; those of `plurals` alone, where they are named. */
function readTypes(directory: string, plurals?: readonly string[]): Manifest[] {
  return (
    readdirSync(directory)
      .filter((file) => file.endsWith(".yaml"))
      .filter((file) => plurals?.some((type) => file.endsWith(`_${type}.yaml`)) ?? true)
      // The types are a megabyte of YAML, which this reader is through with three times as fast as the package `yaml`.
      .flatMap((file) => loadAllYaml(readFileSync(join(directory, file), "utf8")) as Manifest[])
      .filter((object) => object !== null)
  );
}
