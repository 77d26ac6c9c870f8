import { execFile } from "node:child_process";
import { promisify } from "node:util";
import type { V1Pod } from "@kubernetes/client-node";
import { z } from "zod";
import { CoreV1Api, KubeConfig } from "../../lib/kubernetesClient.ts";
import type { Sandbox } from "../cluster/sandbox.ts";
import { UserError } from "../../lib/errors.ts";
import { remove } from "../../lib/files.ts";
import { homeVolumes } from "../cluster/homeVolumes.ts";
import { projectDirectory } from "../paths.ts";
import { podLogs } from "../cluster/podLog.ts";
import type { Reporter } from "../processes/progress.ts";
import { runInteractively, type Output } from "../commands/runTool.ts";
import { clearUnfinished, markUnfinished } from "../cluster/unfinished.ts";
import { waitFor } from "../processes/wait.ts";

const run = promisify(execFile);

/** The label by which Helm charts mark the objects of a release. */
const providerSelector = "app.kubernetes.io/instance=akash-provider";
const readyTimeout = 120_000;

/** The deployment of a stack. */
export interface Deployment {
  /** The stack's outputs. */
  readonly outputs: Readonly<Record<string, unknown>>;
  /** The namespace of the provider. */
  readonly namespace: string;
  /** The number of objects of each kind in its Helm releases. */
  readonly objects: Readonly<Record<string, number>>;
}

/** How the sandbox runs Pulumi. */
export interface DeployOptions {
  readonly reporter: Reporter;
  readonly output: Output;
}

/**
 * Runs `pulumi up` on a stack, as a user would, and creates the stack if it does not exist.
 *
 * @throws UserError when it fails; the error is in its output.
 */
export async function deploy(
  sandbox: Sandbox,
  stack: string,
  options: DeployOptions,
): Promise<void> {
  await runPulumi(sandbox, ["stack", "select", "--create", stack], options);
  await runPulumi(sandbox, ["up", "-s", stack, "--yes"], options);
}

/**
 * Destroys the given stacks that are deployed: their objects have the same names, and a cluster has one provider.
 *
 * @throws UserError when it fails; the error is in its output.
 */
export async function makeRoom(
  sandbox: Sandbox,
  stacks: readonly string[],
  options: DeployOptions,
): Promise<void> {
  const { stdout } = await run("pulumi", ["stack", "ls", "--json"], {
    cwd: projectDirectory,
    env: sandbox.environment,
  });
  const deployed = stackListSchema
    .parse(JSON.parse(stdout))
    .filter(({ name, resourceCount = 0 }) => stacks.includes(name) && resourceCount > 0);
  for (const { name } of deployed) {
    const { namespace } = await readDeployment(sandbox, name);
    await runPulumi(sandbox, ["destroy", "-s", name, "--yes", "--run-program"], options);
    // The claim of a StatefulSet outlives it, and with it the certificate, which the next provider would reuse.
    await coreApi(sandbox.kubeconfig).deleteCollectionNamespacedPersistentVolumeClaim({
      namespace,
      labelSelector: providerSelector,
    });
    remove(homeVolumes(sandbox.directory, namespace));
    remove(podLogs(sandbox.directory, namespace));
  }
}

async function runPulumi(
  { directory, environment }: Sandbox,
  args: readonly string[],
  { reporter, output }: DeployOptions,
): Promise<void> {
  const command = `pulumi ${args.join(" ")}`;
  reporter.note(`\n$ ${command}`);
  markUnfinished(directory);
  const { code, signalled } = await runInteractively("pulumi", args, environment, output);
  // A killed Pulumi process leaves interrupted operations, which the next start has to detect.
  if (!signalled) {
    clearUnfinished(directory);
  }
  if (code !== 0) {
    throw new UserError(
      `\`${command}\` failed (exit code ${code}). Fix the error above and run \`npm start\` again.`,
    );
  }
}

/** Reads the deployment of a stack from its state. */
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
 * @throws UserError when the pod is not ready within two minutes.
 */
export async function waitForProviderPod(kubeconfig: string, namespace: string): Promise<string> {
  const api = coreApi(kubeconfig);
  const list = () => api.listNamespacedPod({ namespace, labelSelector: providerSelector });
  const pod = await waitFor(async () => (await list()).items.find(isReady), {
    what: `the provider's pod in namespace ${namespace}`,
    timeout: readyTimeout,
    interval: 250,
  });
  return pod.metadata?.name ?? "";
}

function coreApi(kubeconfig: string): CoreV1Api {
  const config = new KubeConfig();
  config.loadFromFile(kubeconfig);
  return config.makeApiClient(CoreV1Api);
}

/** Whether a pod is ready and not being deleted. */
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
const stackListSchema = z.array(
  z.object({ name: z.string(), resourceCount: z.number().optional() }),
);
const resourceNamesSchema = z.record(z.string(), z.array(z.string()));
