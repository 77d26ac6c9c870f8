import { join } from "node:path";
import type { Installed } from "../programs/builder.ts";
import { adminTls, type Credentials } from "./credentials.ts";
import { isHealthy } from "./http.ts";
import { sandboxSource } from "../paths.ts";
import { loopback } from "../processes/ports.ts";
import type { Part } from "../processes/parts.ts";
import type { clusterArtifacts } from "../programs/artifacts.ts";

/** Names of the ports of the Kubernetes control plane. */
export const controlPlanePorts = [
  "etcd",
  "etcdPeer",
  "apiServer",
  "controllerManager",
  "scheduler",
  "kwok",
  "http",
  "https",
  "providerApi",
] as const;

/** The inputs of the cluster's parts. */
export interface ClusterContext {
  /** The sandbox's folder. */
  readonly directory: string;
  readonly kubeconfig: string;
  readonly credentials: Credentials;
  readonly ports: Readonly<Record<(typeof controlPlanePorts)[number], number>>;
  readonly programs: ReadonlyMap<(typeof clusterArtifacts)[number], Pick<Installed, "path">>;
}

/** The path of an installed program. */
export function programPath(
  programs: ClusterContext["programs"],
  name: (typeof clusterArtifacts)[number],
): string {
  const program = programs.get(name);
  if (program === undefined) {
    throw new Error(`${name} is not installed`);
  }
  return program.path;
}

/** The database of the API server. */
export function etcd({ directory, credentials, ports, programs }: ClusterContext): Part {
  const client = `https://${loopback}:${ports.etcd}`;
  const peer = `https://${loopback}:${ports.etcdPeer}`;
  return {
    name: "etcd",
    command: programPath(programs, "etcd"),
    args: [
      "--name=sandbox",
      `--data-dir=${etcdDataDirectory(directory)}`,
      `--listen-client-urls=${client}`,
      `--advertise-client-urls=${client}`,
      `--listen-peer-urls=${peer}`,
      `--initial-advertise-peer-urls=${peer}`,
      `--initial-cluster=sandbox=${peer}`,
      `--cert-file=${credentials.server.certificate}`,
      `--key-file=${credentials.server.key}`,
      `--trusted-ca-file=${credentials.ca}`,
      "--client-cert-auth",
      `--peer-cert-file=${credentials.server.certificate}`,
      `--peer-key-file=${credentials.server.key}`,
      `--peer-trusted-ca-file=${credentials.ca}`,
      "--peer-client-cert-auth",
      // Twice as fast on slow disks. Only a crash of the whole machine can lose data, and then a start creates the
      // data again.
      "--unsafe-no-fsync",
      "--log-level=warn",
    ],
    ready: () => isHealthy(`${client}/health`, adminTls(credentials)),
    timeout: 20_000,
  };
}

/** The folder of etcd's data, the objects of the cluster. */
export function etcdDataDirectory(directory: string): string {
  return join(directory, "etcd");
}

/** The API server. Needs etcd. */
export function apiServer({ credentials, ports, programs }: ClusterContext): Part {
  return {
    name: "kube-apiserver",
    command: programPath(programs, "kube-apiserver"),
    args: [
      `--bind-address=${loopback}`,
      `--secure-port=${ports.apiServer}`,
      `--advertise-address=${loopback}`,
      // The "kubernetes" service cannot have a loopback address, and nothing here uses the service.
      "--endpoint-reconciler-type=none",
      "--service-cluster-ip-range=10.96.0.0/16",
      `--etcd-servers=https://${loopback}:${ports.etcd}`,
      `--etcd-cafile=${credentials.ca}`,
      `--etcd-certfile=${credentials.admin.certificate}`,
      `--etcd-keyfile=${credentials.admin.key}`,
      `--client-ca-file=${credentials.ca}`,
      `--tls-cert-file=${credentials.server.certificate}`,
      `--tls-private-key-file=${credentials.server.key}`,
      "--anonymous-auth=false",
      "--authorization-mode=RBAC",
      // The API server requests logs from the kubelet's address; the node's name does not resolve here.
      "--kubelet-preferred-address-types=InternalIP",
      `--kubelet-certificate-authority=${credentials.ca}`,
      `--kubelet-client-certificate=${credentials.admin.certificate}`,
      `--kubelet-client-key=${credentials.admin.key}`,
      "--service-account-issuer=https://kubernetes.default.svc",
      `--service-account-key-file=${credentials.serviceAccounts.publicKey}`,
      `--service-account-signing-key-file=${credentials.serviceAccounts.privateKey}`,
      // Otherwise, a new node is tainted until the controller manager has seen it ready, which takes seconds.
      "--disable-admission-plugins=TaintNodesByCondition",
      "--profiling=false",
    ],
    ready: () => isHealthy(`https://${loopback}:${ports.apiServer}/readyz`, adminTls(credentials)),
  };
}

/** The controllers of Kubernetes' own resources. Needs the API server. */
export function controllerManager(context: ClusterContext): Part {
  const { credentials, ports, programs } = context;
  return {
    name: "kube-controller-manager",
    command: programPath(programs, "kube-controller-manager"),
    args: [
      ...clientArgs(context, ports.controllerManager),
      // That controller marks a node with a late heartbeat as dead, as after a laptop's sleep, and its pods as not
      // ready, which kwok never reverts.
      "--controllers=*,-node-lifecycle-controller",
      `--root-ca-file=${credentials.ca}`,
      `--service-account-private-key-file=${credentials.serviceAccounts.privateKey}`,
    ],
    ready: () =>
      isHealthy(`https://${loopback}:${ports.controllerManager}/healthz`, adminTls(credentials)),
  };
}

/** The scheduler. Needs the API server. */
export function scheduler(context: ClusterContext): Part {
  const { credentials, ports, programs } = context;
  return {
    name: "kube-scheduler",
    command: programPath(programs, "kube-scheduler"),
    args: clientArgs(context, ports.scheduler),
    ready: () => isHealthy(`https://${loopback}:${ports.scheduler}/healthz`, adminTls(credentials)),
  };
}

/** The transitions of a node and its pods: without delay, except for the end of a pod (podEnd.yaml). */
const stages = [
  "node/fast/node-initialize.yaml",
  "node/heartbeat-with-lease/node-heartbeat-with-lease.yaml",
  "pod/fast/pod-ready.yaml",
  "pod/fast/pod-complete.yaml",
];

/**
 * Emulates the node: pods that are bound to it become ready without running, and have the logs of podLog.ts. Needs the
 * API server.
 */
export function kwok({ kubeconfig, credentials, ports, programs }: ClusterContext): Part {
  return {
    name: "kwok",
    command: programPath(programs, "kwok"),
    args: [
      `--kubeconfig=${kubeconfig}`,
      ...stages.map((stage) => `--config=${join(programPath(programs, "kwok-stages"), stage)}`),
      `--config=${sandboxSource("cluster/podEnd.yaml")}`,
      "--manage-all-nodes",
      "--node-lease-duration-seconds=40",
      `--node-ip=${loopback}`,
      `--node-port=${ports.kwok}`,
      "--enable-crds=Logs",
      `--tls-cert-file=${credentials.server.certificate}`,
      `--tls-private-key-file=${credentials.server.key}`,
      `--server-address=${loopback}:${ports.kwok}`,
    ],
    ready: () => isHealthy(`http://${loopback}:${ports.kwok}/healthz`),
  };
}

/** Creates volumes for claims. Needs the API server. */
export function provisioner({ kubeconfig }: ClusterContext): Part {
  return {
    name: "provisioner",
    command: process.execPath,
    args: [sandboxSource("cluster/provisioner.ts"), kubeconfig],
    // The provisioner has no endpoint to check: when claims are bound, it runs.
    ready: () => Promise.resolve(true),
  };
}

/** Emulates the cluster's entry and the provider behind it. Needs the API server and the types of the Gateway API. */
export function entry(
  { directory, kubeconfig, credentials, ports }: ClusterContext,
  challenge: number,
): Part {
  return {
    name: "entry",
    command: process.execPath,
    args: [
      sandboxSource("cluster/entry.ts"),
      directory,
      kubeconfig,
      credentials.chain.certificate,
      credentials.chain.key,
      ...[ports.http, ports.providerApi, challenge].map(String),
    ],
    // The entry does not know the host, but any response shows that it serves.
    ready: async () => {
      await isHealthy(`http://${loopback}:${ports.http}/`);
      return true;
    },
  };
}

/** The common arguments of the controller manager and the scheduler. */
function clientArgs({ credentials, kubeconfig }: ClusterContext, port: number): string[] {
  return [
    `--kubeconfig=${kubeconfig}`,
    `--bind-address=${loopback}`,
    `--secure-port=${port}`,
    `--tls-cert-file=${credentials.server.certificate}`,
    `--tls-private-key-file=${credentials.server.key}`,
    `--authentication-kubeconfig=${kubeconfig}`,
    `--authorization-kubeconfig=${kubeconfig}`,
    "--leader-elect=false",
    "--kube-api-qps=200",
    "--kube-api-burst=400",
    "--profiling=false",
  ];
}
