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

/** An object with only its identity typed. */
type Manifest = KubernetesObject & { readonly kind: string };

const fieldManager = "sandbox";

/** The Gateway API types of a provider's gateway and routes; each further type slows down the API server. */
const gatewayTypes = ["gatewayclasses", "gateways", "httproutes", "tlsroutes"];

/** The fields of kwok's type `Logs` that podLog.ts uses. */
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
 * The objects that an Akash provider requires in its cluster before installation, except the Gateway API's types,
 * and the sandbox's own objects.
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
    // Akash's name for persistent storage on NVMe, the usual class of the provider's own volume.
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
    // The type of the object that names a pod's log files for kwok (podLog.ts); the API server requires a schema
    // for it.
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

/** The gateway's additional fields for tenants' hosts, as in Akash's gateway chart. */
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
 * Applies all of these objects.
 *
 * @param gatewayApi Folder with the manifests of the Gateway API's types.
 * @returns the number of objects.
 */
export async function applyObjects(kubeconfig: string, gatewayApi: string): Promise<number> {
  const types = readTypes(gatewayApi, gatewayTypes);
  await applyAll(kubeconfig, [...clusterObjects, ...types]);
  await servedTypes(kubeconfig, [...clusterObjects, ...types]);
  await applyAll(kubeconfig, gatewayObjects);
  return clusterObjects.length + types.length + gatewayObjects.length;
}

/**
 * Applies cert-manager's types, and the listener that serves the certificate.
 *
 * @param certManager Folder with the manifests of cert-manager's types.
 * @returns the number of objects.
 */
export async function applyCertManagerObjects(
  kubeconfig: string,
  certManager: string,
): Promise<number> {
  const types = readTypes(certManager);
  await Promise.all(types.map((type) => applyUnread(kubeconfig, type)));
  await servedTypes(kubeconfig, types);
  // Another field manager, so that the gateway's other listeners are kept.
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

/** Waits until the API server serves the types of these objects. */
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
 * Applies a type unchanged. The client would drop fields that its own types name differently, such as `default` and
 * every `x-kubernetes-…` field of a schema, without which the API server refuses cert-manager's types.
 */
async function applyUnread(kubeconfig: string, { metadata, ...type }: Manifest): Promise<void> {
  const path = `/apis/apiextensions.k8s.io/v1/customresourcedefinitions/${metadata?.name ?? ""}`;
  await new Api(kubeconfig).apply(path, { ...type, metadata }, fieldManager);
}

/** The manifests of the types in a folder, limited to `plurals` if given. */
function readTypes(directory: string, plurals?: readonly string[]): Manifest[] {
  return (
    readdirSync(directory)
      .filter((file) => file.endsWith(".yaml"))
      .filter((file) => plurals?.some((type) => file.endsWith(`_${type}.yaml`)) ?? true)
      // The types are a megabyte of YAML, which this parser reads three times as fast as the package `yaml`.
      .flatMap((file) => loadAllYaml(readFileSync(join(directory, file), "utf8")) as Manifest[])
      .filter((object) => object !== null)
  );
}
