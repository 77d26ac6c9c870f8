import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { z } from "zod";
import { ClusterUnreachable } from "./clusterFailure.ts";
import { NoAnswer, requestTimeout, withDeadline } from "./deadline.ts";
import { hasCode } from "./errors.ts";
import { parseJson } from "./json.ts";
import type { Connection, ExecPlugin } from "./kubeconfig.ts";

/** The credential from a credential plugin. Secret. */
export type ExecCredential = z.output<typeof statusSchema>;

const statusSchema = z.object({
  token: z.string().optional(),
  clientCertificateData: z.string().optional(),
  clientKeyData: z.string().optional(),
  expirationTimestamp: z.string().optional(),
});
const responseSchema = z.object({ kind: z.literal("ExecCredential"), status: statusSchema });

/**
 * Requests a credential from a kubeconfig's credential plugin, like client-go
 * (https://kubernetes.io/docs/reference/access-authn-authz/authentication/#client-go-credential-plugins). The plugin cannot
 * prompt: it has no terminal.
 *
 * @param plugin the plugin in the kubeconfig
 * @param connection the connection that needs the credential
 * @param timeout how long it may take, in milliseconds. Default: as long as a request
 * @throws ClusterUnreachable when it does not exist, fails, takes longer, or returns no credential
 */
export async function execCredential(
  plugin: ExecPlugin,
  connection: Connection,
  timeout: number = requestTimeout,
): Promise<ExecCredential> {
  const { command, apiVersion } = plugin;
  // In a Pulumi program these variables contain the configuration, with every secret in plain text.
  const { PULUMI_CONFIG: _, PULUMI_CONFIG_SECRET_KEYS: __, ...own } = process.env;
  const environment = {
    ...own,
    ...Object.fromEntries(plugin.env.map(({ name, value }) => [name, value])),
    KUBERNETES_EXEC_INFO: JSON.stringify({
      kind: "ExecCredential",
      apiVersion,
      spec: {
        interactive: false,
        ...(plugin.provideClusterInfo && { cluster: clusterInfo(connection) }),
      },
    }),
  };
  const { code, stdout, stderr } = await withDeadline(timeout, (signal) =>
    run(plugin, environment, signal),
  ).catch((error: unknown) => {
    throw error instanceof NoAnswer ? failed(command, `gives ${error.message}`) : error;
  });
  if (code !== 0) {
    // Its standard output may contain a credential; its standard error does not.
    const line = stderr.trim().split("\n").at(-1) ?? "";
    throw failed(command, `ended with ${code ?? "a signal"}${line === "" ? "" : `: ${line}`}`);
  }
  const response = responseSchema.safeParse(parseJson(stdout));
  if (!response.success) {
    throw failed(command, "returned no ExecCredential with a status");
  }
  return response.data.status;
}

/** Whether a credential is still valid; without an expiration it is valid as long as this process. */
export function isFresh({ expirationTimestamp }: ExecCredential, now: number): boolean {
  return expirationTimestamp === undefined || Date.parse(expirationTimestamp) > now;
}

function run(
  { command, args, installHint, interactiveMode }: ExecPlugin,
  env: NodeJS.ProcessEnv,
  signal: AbortSignal,
): Promise<{ readonly code: number | null; readonly stdout: string; readonly stderr: string }> {
  if (interactiveMode === "Always") {
    throw failed(command, "needs a terminal (interactiveMode: Always), but there is none here");
  }
  return new Promise((done, rejected) => {
    const child = spawn(command, args, { env, stdio: ["ignore", "pipe", "pipe"] });
    signal.addEventListener("abort", () => {
      child.kill("SIGKILL");
      // The plugin's child processes may keep them open for longer.
      child.stdout.destroy();
      child.stderr.destroy();
    });
    let stdout = "";
    let stderr = "";
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      stdout += text;
    });
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      stderr += text;
    });
    child.on("error", (error) => {
      const hint = installHint === undefined ? "" : `. ${installHint.trim()}`;
      rejected(
        failed(command, hasCode(error, "ENOENT") ? `does not exist${hint}` : "does not start"),
      );
    });
    child.on("close", (code) => {
      done({ code, stdout, stderr });
    });
  });
}

function failed(command: string, how: string): ClusterUnreachable {
  return new ClusterUnreachable(
    `The kubeconfig's credential plugin ${command} ${how}. Test it: kubectl auth whoami`,
  );
}

/** https://kubernetes.io/docs/reference/config-api/client-authentication.v1/#client-authentication-k8s-io-v1-Cluster */
function clusterInfo({ server, cluster, proxy }: Connection): object {
  const file = cluster["certificate-authority"];
  return {
    server,
    "tls-server-name": cluster["tls-server-name"],
    "insecure-skip-tls-verify": cluster["insecure-skip-tls-verify"],
    "certificate-authority-data":
      cluster["certificate-authority-data"] ??
      (file === undefined ? undefined : readFileSync(file).toString("base64")),
    "proxy-url": proxy,
  };
}
