import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { CoreV1Api, KubeConfig, type V1Pod } from "@kubernetes/client-node";
import { z } from "zod";
import type { Sandbox } from "./cluster.ts";
import { UserError } from "./errors.ts";
import { projectDirectory } from "./paths.ts";
import type { Reporter } from "./progress.ts";
import { runInteractively, type Output } from "./runTool.ts";
import { clearUnfinished, markUnfinished } from "./unfinished.ts";
import { waitFor } from "./wait.ts";

const run = promisify(execFile);

/** The label by which Helm charts tell the objects of a release. */
const providerSelector = "app.kubernetes.io/instance=akash-provider";
const readyTimeout = 120_000;

/** What a stack has deployed. */
export interface Deployment {
  /** The stack's outputs. */
  readonly outputs: Readonly<Record<string, unknown>>;
  /** The namespace of the provider. */
  readonly namespace: string;
  /** How many objects of each kind are in its Helm releases. */
  readonly objects: Readonly<Record<string, number>>;
}

/**
 * Runs `pulumi up` on a stack, which is made when it does not exist, as a user would.
 *
 * @throws UserError when it fails; what went wrong is in its output then.
 */
export async function deploy(
  { directory, environment }: Sandbox,
  stack: string,
  reporter: Reporter,
  output: Output,
): Promise<void> {
  for (const args of [
    ["stack", "select", "--create", stack],
    ["up", "-s", stack, "--yes"],
  ]) {
    const command = `pulumi ${args.join(" ")}`;
    reporter.note(`\n$ ${command}`);
    markUnfinished(directory);
    const { code, signalled } = await runInteractively("pulumi", args, environment, output);
    // A killed Pulumi leaves operations half done, and the next start has to know.
    if (!signalled) {
      clearUnfinished(directory);
    }
    if (code !== 0) {
      throw new UserError(
        `\`${command}\` failed (exit code ${code}). Mend what it says and run \`npm start\` again.`,
      );
    }
  }
}

/** Reads what a stack has deployed from its state. */
export async function readDeployment({ environment }: Sandbox, stack: string): Promise<Deployment> {
  const { stdout } = await run("pulumi", ["stack", "export", "-s", stack], {
    cwd: projectDirectory,
    env: environment,
    maxBuffer: 64 * 1024 * 1024,
  });
  const resources = exportSchema.parse(JSON.parse(stdout)).deployment.resources ?? [];
  const outputs = resources.find(({ type }) => type === "pulumi:pulumi:Stack")?.outputs ?? {};
  const objects: Record<string, number> = {};
  for (const release of resources.filter(({ type }) => type === "kubernetes:helm.sh/v3:Release")) {
    const { data = {} } = resourceNamesSchema.safeParse(release.outputs?.resourceNames);
    for (const [key, names] of Object.entries(data)) {
      // "StatefulSet.apps/apps/v1", "Service/v1"
      const kind = /^[^./]+/.exec(key)?.[0] ?? key;
      objects[kind] = (objects[kind] ?? 0) + names.length;
    }
  }
  const { namespace = "akash-services" } = outputs;
  return { outputs, namespace: String(namespace), objects };
}

/**
 * Waits until the provider's pod in a namespace is ready.
 *
 * @returns its name.
 * @throws UserError when it is not within two minutes.
 */
export async function waitForProviderPod(kubeconfig: string, namespace: string): Promise<string> {
  const config = new KubeConfig();
  config.loadFromFile(kubeconfig);
  const api = config.makeApiClient(CoreV1Api);
  const list = () => api.listNamespacedPod({ namespace, labelSelector: providerSelector });
  const pod = await waitFor(async () => (await list()).items.find(isReady), {
    what: `the provider's pod in namespace ${namespace}`,
    timeout: readyTimeout,
    interval: 250,
  });
  return pod.metadata?.name ?? "";
}

/** Whether a pod is ready and stays. */
export function isReady({ metadata, status }: V1Pod): boolean {
  return (
    metadata?.deletionTimestamp === undefined &&
    status?.conditions?.some(({ type, status }) => type === "Ready" && status === "True") === true
  );
}

const exportSchema = z.object({
  deployment: z.object({
    resources: z
      .array(z.object({ type: z.string(), outputs: z.record(z.string(), z.unknown()).optional() }))
      .optional(),
  }),
});
const resourceNamesSchema = z.record(z.string(), z.array(z.string()));
