import { appendFileSync, existsSync, mkdirSync, renameSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { KubeConfig, KubernetesObjectApi, PatchStrategy } from "../../lib/kubernetesClient.ts";

/** A line of a log. */
export interface PodLogLine {
  readonly text: string;
  /** Time at which the container wrote the line. @default now */
  readonly time?: Date;
}

/** The log of a pod's containers, in files that kwok reads like a kubelet. */
export interface PodLog {
  /** Adds lines. */
  readonly write: (lines: readonly PodLogLine[]) => void;
  /** Turns the present log into the log of the previous container, and begins an empty one. */
  readonly restart: () => void;
}

/** The folder with the logs of the pods in a namespace, or in all namespaces. */
export function podLogs(directory: string, namespace = ""): string {
  return join(directory, "pod-logs", namespace);
}

/**
 * The log of a pod, which `kubectl logs` shows from now on; a pod has no log before. The log is kept when another
 * pod of the same name replaces the pod.
 */
export async function podLog(
  { directory, kubeconfig }: { readonly directory: string; readonly kubeconfig: string },
  namespace: string,
  pod: string,
): Promise<PodLog> {
  const file = join(podLogs(directory, namespace), `${pod}.log`);
  const previous = `${file}.previous`;
  if (!existsSync(file)) {
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, "");
  }
  const config = new KubeConfig();
  config.loadFromFile(kubeconfig);
  // https://kwok.sigs.k8s.io/docs/user/logs-configuration/
  const logs = {
    apiVersion: "kwok.x-k8s.io/v1alpha1",
    kind: "Logs",
    metadata: { name: pod, namespace },
    spec: { logs: [{ logsFile: file, previousLogsFile: previous }] },
  };
  const api = KubernetesObjectApi.makeApiClient(config);
  await api.patch(logs, undefined, undefined, "sandbox", true, PatchStrategy.ServerSideApply);
  return {
    write: (lines) => {
      appendFileSync(file, lines.map(criLine).join(""));
    },
    restart: () => {
      renameSync(file, previous);
      writeFileSync(file, "");
    },
  };
}

/** A line in the format of container runtimes: time, stream, F for a full line (Kubernetes' CRI log format). */
function criLine({ text, time = new Date() }: PodLogLine): string {
  return `${time.toISOString()} stderr F ${text}\n`;
}
