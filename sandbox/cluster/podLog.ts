import { appendFileSync, existsSync, mkdirSync, renameSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { KubeConfig, KubernetesObjectApi, PatchStrategy } from "../../lib/kubernetesClient.ts";

/** A line of a log. */
export interface PodLogLine {
  readonly text: string;
  /** When the container wrote it. @default now */
  readonly time?: Date;
}

/** The log of a pod's containers, in files that kwok reads as a kubelet does. */
export interface PodLog {
  /** Adds lines. */
  readonly write: (lines: readonly PodLogLine[]) => void;
  /** What is there becomes the log of the container before, and the present one's is empty. */
  readonly restart: () => void;
}

/** The folder with the logs of a namespace's pods, or of all. */
export function podLogs(directory: string, namespace = ""): string {
  return join(directory, "pod-logs", namespace);
}

/**
 * The log of a pod, which `kubectl logs` shows from then on; before, there is none. It stays when the pod is replaced by
 * another of its name.
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

/** A line as container runtimes write it: time, stream, F for a full line (Kubernetes' CRI log format). */
function criLine({ text, time = new Date() }: PodLogLine): string {
  return `${time.toISOString()} stderr F ${text}\n`;
}
