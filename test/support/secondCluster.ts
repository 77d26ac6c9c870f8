import { readFileSync } from "node:fs";
import { join } from "node:path";
import { CoreV1Api, KubeConfig } from "../../lib/kubernetesClient.ts";
import { apiServer } from "../../sandbox/cluster/controlPlane.ts";
import { ensureCredentials, writeKubeconfig } from "../../sandbox/cluster/credentials.ts";
import type { Sandbox } from "../../sandbox/cluster/sandbox.ts";
import { startPart } from "../../sandbox/processes/parts.ts";
import { findPorts } from "../../sandbox/processes/ports.ts";
import { silentReporter } from "../../sandbox/processes/progress.ts";
import { clusterArtifacts } from "../../sandbox/programs/artifacts.ts";
import { ensurePrograms } from "../../sandbox/programs/builder.ts";

/** The fields of a kubeconfig that tests change. */
export interface KubeconfigFile {
  "current-context": string;
  clusters: { name: string; cluster: Record<string, unknown> }[];
  users: { name: string; user: Record<string, unknown> }[];
  contexts: { name: string; context: Record<string, unknown> }[];
}

/** A second API server beside the sandbox's, with its own objects. */
export interface SecondCluster {
  readonly kubeconfig: string;
  readonly port: number;
  readonly core: CoreV1Api;
}

/** Starts a second API server, which stops with the sandbox. Its objects are in the same database as the first's. */
export async function startSecondCluster(sandbox: Sandbox): Promise<SecondCluster> {
  const { directory } = sandbox;
  const kubeconfig = join(directory, "second-kubeconfig");
  const credentials = await ensureCredentials(directory);
  const { apiServer: port } = await findPorts(["apiServer"]);
  const programs = await ensurePrograms(clusterArtifacts, silentReporter);
  const ports = { ...sandbox.ports, apiServer: port };
  const part = apiServer({ directory, kubeconfig, credentials, ports, programs });
  await startPart(directory, {
    ...part,
    name: "second-kube-apiserver",
    args: [...part.args, "--etcd-prefix=/second"],
  });
  writeKubeconfig(kubeconfig, credentials, port);
  const config = new KubeConfig();
  config.loadFromFile(kubeconfig);
  return { kubeconfig, port, core: config.makeApiClient(CoreV1Api) };
}

/** Reads a kubeconfig that the sandbox has written. */
export function readKubeconfig(path: string): KubeconfigFile {
  return JSON.parse(readFileSync(path, "utf8")) as KubeconfigFile;
}
