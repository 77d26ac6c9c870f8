import { createHash } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import type * as Parts from "./kubernetesClientParts.ts";

/*
 * The Kubernetes client, from the bundle of startup/bundle.mjs, else from its package: 900 files, which take a second to
 * load. Nothing else imports values from the package, so that there is one class of each error.
 */
const bundle = bundleFile();
const client =
  bundle !== undefined && existsSync(bundle)
    ? (createRequire(import.meta.url)(bundle) as typeof Parts)
    : await import("./kubernetesClientParts.ts");

export const {
  ApiException,
  ApisApi,
  ApiextensionsV1Api,
  AppsV1Api,
  AuthenticationV1Api,
  AuthorizationV1Api,
  CoreV1Api,
  createConfiguration,
  CustomObjectsApi,
  KubeConfig,
  KubernetesObjectApi,
  loadAllYaml,
  NetworkingV1Api,
  PatchStrategy,
  RbacAuthorizationV1Api,
  ResponseContext,
  ServerConfiguration,
  setHeaderOptions,
  Watch,
  wrapHttpLibrary,
} = client;

export type ApiException<T> = Parts.ApiException<T>;
export type CoreV1Api = Parts.CoreV1Api;
export type CustomObjectsApi = Parts.CustomObjectsApi;
export type KubeConfig = Parts.KubeConfig;
export type KubernetesObjectApi = Parts.KubernetesObjectApi;
export type NetworkingV1Api = Parts.NetworkingV1Api;
export type RbacAuthorizationV1Api = Parts.RbacAuthorizationV1Api;
export type Watch = Parts.Watch;

/** The path of the bundle, as in startup/bundle.mjs; undefined in the package of this project. */
function bundleFile(): string | undefined {
  const project = dirname(import.meta.dirname);
  const sources = [
    join("node_modules", "@kubernetes", "client-node", "package.json"),
    join("lib", "kubernetesClientParts.ts"),
    join("startup", "bundle.mjs"),
  ];
  const hash = createHash("sha256");
  try {
    for (const file of sources) {
      hash.update(readFileSync(join(project, file)));
    }
  } catch {
    return undefined;
  }
  const name = `kubernetes-client-${hash.digest("hex").slice(0, 16)}.cjs`;
  return join(project, "node_modules", ".cache", name);
}
