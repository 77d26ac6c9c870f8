import { chmodSync, existsSync, mkdirSync, readdirSync, rmdirSync } from "node:fs";
import { join, resolve } from "node:path";
import {
  acmeDirectoryUrl,
  acmeManagementUrl,
  acmePorts,
  challengeServer,
  dnsManagementUrl,
  pebble,
} from "./acme.ts";
import { preparePrograms, type Installed } from "../programs/builder.ts";
import {
  apiServer,
  controllerManager,
  controlPlanePorts,
  entry,
  etcd,
  etcdDataDirectory,
  kwok,
  programPath,
  provisioner,
  scheduler,
  type ClusterContext,
} from "./controlPlane.ts";
import { ensureCredentials, writeKubeconfig } from "./credentials.ts";
import { pulumiHome, pulumiStateDirectory, sandboxEnvironment } from "../pulumi/environment.ts";
import { UserError } from "../../lib/errors.ts";
import { remove } from "../../lib/files.ts";
import { withLock } from "../processes/lock.ts";
import { applyObjects } from "./objects.ts";
import { podLogs } from "./podLog.ts";
import { findPorts, loopback } from "../processes/ports.ts";
import { liveParts, PartError, startPart, stopParts, type Part } from "../processes/parts.ts";
import { clusterArtifacts } from "../programs/artifacts.ts";
import { withStep, type Reporter } from "../processes/progress.ts";
import { removeStalePulumiLocks } from "../pulumi/pulumiLocks.ts";
import {
  installPlugins,
  pulumiArtifacts,
  pulumiTools,
  type PulumiTools,
} from "../pulumi/pulumiTools.ts";
import {
  cloudEnvironment,
  cloudPorts,
  clouds,
  cloudsAt,
  cloudsState,
  type Clouds,
} from "./clouds.ts";
import { readState, writeState, type State } from "./state.ts";
import { clearUnfinished, markUnfinished, wasCutShort } from "./unfinished.ts";

/** Names of all ports of a sandbox. */
export const portNames = [...controlPlanePorts, ...acmePorts, ...cloudPorts] as const;

/** A running sandbox: a cluster, an ACME server, and the environment in which Pulumi uses them. */
export interface Sandbox {
  /** The absolute path of its folder. */
  readonly directory: string;
  /** Path of a kubeconfig with all permissions. */
  readonly kubeconfig: string;
  /** Path of the certificate (PEM) of the authority that signs the certificates of all its servers. */
  readonly ca: string;
  /** The ACME server, Pebble. */
  readonly acme: {
    /** Its directory URL; a client has to trust `ca`. */
    readonly directoryUrl: string;
    /** URL of its management interface; `/roots/0` is the root of the certificates that it issues. */
    readonly managementUrl: string;
    /** Port of 127.0.0.1 where it expects the response to an HTTP-01 challenge. */
    readonly httpChallengePort: number;
  };
  /** The DNS server that the ACME server queries. */
  readonly dns: {
    /** Its address as host and port, for TCP and UDP. */
    readonly address: string;
    /** URL of its management interface (`/set-txt`, `/clear-txt`, `/add-a`, …). */
    readonly managementUrl: string;
  };
  /** The emulators of Google Cloud and Cloudflare. */
  readonly clouds: Clouds;
  /** All its ports of 127.0.0.1, by name. */
  readonly ports: Readonly<Record<(typeof portNames)[number], number>>;
  /** The environment for `pulumi`, `kubectl` and `helm`. */
  readonly environment: NodeJS.ProcessEnv;
}

/** How to start a sandbox. */
export interface StartOptions {
  /** Its folder, which is created. Sandboxes in different folders are independent. */
  readonly directory: string;
  readonly reporter: Reporter;
  /** Whether to delete the data of earlier starts. @default false */
  readonly fresh?: boolean;
}

/** Parts that other parts depend on, which are stopped last. */
const databases = ["etcd"];
/** The parts that do not start on damaged data. */
const readers = ["etcd", "kube-apiserver"];

/**
 * Starts the sandbox in a folder, or continues with the sandbox that runs there. The objects in the cluster and the
 * Pulumi state are kept across starts. They are created anew on request, when the previous start was interrupted,
 * and when they turn out to be unusable.
 *
 * @throws UserError when a program is missing and cannot be built, or a part does not start.
 */
export async function startSandbox(options: StartOptions): Promise<Sandbox> {
  const { reporter, fresh = false } = options;
  const directory = resolve(options.directory);
  makePrivate(directory);
  return withLock(
    join(directory, "lock"),
    async () => {
      const needed = await pulumiArtifacts();
      // Includes the issuer: every missing program is reported at once, and the cluster starts while the others are
      // prepared.
      const preparation = await preparePrograms(
        [...clusterArtifacts, ...needed, "issuer"],
        reporter,
      );
      try {
        const programs = await withStep(reporter, "Programs of the cluster", () =>
          preparation.ready(clusterArtifacts),
        );
        const pulumi = async () => pulumiTools(await preparation.ready(needed));
        return describe(
          directory,
          await startOrContinue({ directory, reporter, programs, pulumi }, fresh),
        );
      } catch (error) {
        preparation.abandon();
        throw error;
      }
    },
    {
      onWait: ({ pid }) => {
        reporter.note(`Waiting for process ${pid}, which is starting or stopping the sandbox.`);
      },
    },
  );
}

/** Continues with the state of an earlier start, if it is usable. */
async function startOrContinue(context: StartContext, fresh: boolean): Promise<State> {
  const { directory, reporter, programs, pulumi } = context;
  const cutShort = wasCutShort(directory);
  const state = fresh || cutShort ? undefined : readState(directory);
  if (state !== undefined && isRunning(directory, state) && usesPrograms(state, programs)) {
    reporter.note("The sandbox is running already.");
    removeStalePulumiLocks(directory);
    // Pulumi may have been installed since the start, and `npm run pulumi` must continue to use the tools of that
    // start.
    const present = { ...state, pulumi: await pulumi() };
    await installPlugins(pulumiHome(directory), present.pulumi, reporter);
    writeState(directory, present);
    return present;
  }
  const leftovers = await stopParts(directory, databases);
  if (leftovers.length > 0) {
    reporter.note(`Stopped the remaining processes of an earlier start: ${leftovers.join(", ")}.`);
  }
  if (cutShort) {
    reporter.note("The previous start did not finish, so this start begins with empty data.");
  }
  if (state === undefined) {
    removeData(directory);
  }
  removeStalePulumiLocks(directory);
  return startAll(context, state);
}

/**
 * Stops all processes of the sandbox in a folder, if there are any.
 *
 * @param options.clean Whether to delete all data, too.
 * @returns the names of the stopped processes.
 */
export async function stopSandbox(
  directory: string,
  { clean = false }: { readonly clean?: boolean } = {},
): Promise<string[]> {
  const folder = resolve(directory);
  if (!existsSync(folder)) {
    return [];
  }
  const stopped = await withLock(join(folder, "lock"), async () => {
    const names = await stopParts(folder, databases);
    if (clean) {
      // The locks are kept: another process may be waiting for this one.
      readdirSync(folder)
        .filter((name) => !name.startsWith("lock"))
        .forEach((name) => {
          remove(join(folder, name));
        });
    }
    return names;
  });
  if (clean && readdirSync(folder).length === 0) {
    rmdirSync(folder);
  }
  return stopped;
}

/** Runs `work` as the only process that changes the deployments in a sandbox; another `npm start` waits. */
export function withDeploymentLock<T>(
  { directory }: Sandbox,
  reporter: Reporter,
  work: () => Promise<T>,
): Promise<T> {
  return withLock(join(directory, "lock-deployment"), work, {
    onWait: ({ pid }) => {
      reporter.note(`Waiting for process ${pid}, which is deploying to the sandbox.`);
    },
  });
}

/**
 * The running sandbox in a folder.
 *
 * @throws UserError when none is running, one of its parts has ended, or one of its programs is missing
 */
export function runningSandbox(directory: string): Sandbox {
  const folder = resolve(directory);
  const state = readState(folder);
  if (state === undefined || liveParts(folder).length === 0) {
    throw new UserError("The sandbox is not running: start it with `npm start`.");
  }
  if (!isRunning(folder, state)) {
    throw new UserError("A part of the sandbox has ended: run `npm start`, which restarts it.");
  }
  const { cli, kubernetesPlugin = cli } = state.pulumi;
  const gone = [cli, kubernetesPlugin].find((path) => !existsSync(path));
  if (gone !== undefined) {
    throw new UserError(`${gone} is missing: run \`npm start\`, which restores it.`);
  }
  return describe(folder, state);
}

/** The folder contains keys and tokens, which must not give other users access to this sandbox. */
function makePrivate(directory: string): void {
  mkdirSync(directory, { recursive: true });
  // Also applies to a folder that an earlier version has created.
  chmodSync(directory, 0o700);
}

interface StartContext {
  readonly directory: string;
  readonly reporter: Reporter;
  readonly programs: ClusterContext["programs"];
  /** Resolves when the missing tools are built. */
  readonly pulumi: () => Promise<PulumiTools>;
}

/** How many times other ports are chosen after another program has taken a chosen port. */
const portAttempts = 5;

async function startAll(
  context: StartContext,
  previous: State | undefined,
  attempt = 1,
): Promise<State> {
  const { directory, reporter } = context;
  markUnfinished(directory);
  try {
    const state = await startParts(context, previous);
    writeState(directory, state);
    clearUnfinished(directory);
    return state;
  } catch (error) {
    await stopParts(directory, databases);
    if (attempt < portAttempts && error instanceof PartError && error.portTaken) {
      reporter.note("Another program has taken a port in the meantime; retrying with other ports.");
      return startAll(context, previous && { ...previous, ports: {} }, attempt + 1);
    }
    if (previous === undefined) {
      throw error;
    }
    if (error instanceof PartError && readers.includes(error.part)) {
      reporter.note(
        `${error.message}\nThe data of the earlier start are unusable; starting with empty data.`,
      );
      removeData(directory);
      return startAll(context, undefined);
    }
    clearUnfinished(directory);
    throw error;
  }
}

async function startParts(
  { directory, reporter, programs, pulumi }: StartContext,
  previous: State | undefined,
): Promise<State> {
  const credentials = await ensureCredentials(directory);
  const ports = await findPorts(portNames, previous?.ports);
  // Pulumi does not create the folder of a file backend.
  mkdirSync(pulumiStateDirectory(directory), { recursive: true });
  const kubeconfig = kubeconfigFile(directory);
  writeKubeconfig(kubeconfig, credentials, ports.apiServer);
  const context = { directory, kubeconfig, credentials, ports, programs };
  const started: string[] = [];
  const start = async (part: Part) => {
    await startPart(directory, part);
    started.push(part.name);
  };
  const startCluster = async () => {
    await start(etcd(context));
    await start(apiServer(context));
    const gatewayApi = programPath(programs, "gateway-api");
    const startNode = async () => {
      await withStep(
        reporter,
        "Objects that a provider requires",
        () => applyObjects(kubeconfig, gatewayApi),
        (count) => `${count}`,
      );
      // The objects include a type of kwok's own; without it, kwok checks again only after a delay.
      await allOf([start(kwok(context)), start(entry(context, ports.httpChallenge))]);
    };
    await allOf([
      start(controllerManager(context)),
      start(scheduler(context)),
      start(provisioner(context)),
      startNode(),
    ]);
  };
  const startAcme = async () => {
    await start(challengeServer(context));
    await start(pebble(context));
  };
  const startClouds = async () => {
    await start(clouds(directory, ports, dnsManagementUrl(ports)));
  };
  await withStep(
    reporter,
    "Control plane, ACME server and emulated clouds",
    () => allOf([startCluster(), startAcme(), startClouds()]),
    () => `${started.length} parts`,
  );
  const tools = await withStep(reporter, "Pulumi", pulumi);
  await installPlugins(pulumiHome(directory), tools, reporter);
  return { ports, parts: started, programs: paths(programs), pulumi: tools };
}

/** Waits for all promises to settle, so that nothing is still starting when a failure is handled. */
async function allOf(work: readonly Promise<unknown>[]): Promise<void> {
  const results = await Promise.allSettled(work);
  const failed = results.find((result) => result.status === "rejected");
  if (failed !== undefined) {
    throw failed.reason;
  }
}

function describe(directory: string, state: State): Sandbox {
  const ports = state.ports as Sandbox["ports"];
  const kubeconfig = kubeconfigFile(directory);
  return {
    directory,
    kubeconfig,
    ca: join(directory, "certificates", "ca.crt"),
    acme: {
      directoryUrl: acmeDirectoryUrl(ports),
      managementUrl: acmeManagementUrl(ports),
      httpChallengePort: ports.httpChallenge,
    },
    dns: { address: `${loopback}:${ports.dns}`, managementUrl: dnsManagementUrl(ports) },
    ports,
    clouds: cloudsAt(ports),
    environment: {
      ...sandboxEnvironment({ directory, kubeconfig, pulumi: state.pulumi }),
      ...cloudEnvironment(ports),
    },
  };
}

function isRunning(directory: string, state: State): boolean {
  const live = liveParts(directory);
  return state.parts.every((name) => live.includes(name));
}

function usesPrograms(
  state: State,
  programs: ReadonlyMap<string, Pick<Installed, "path">>,
): boolean {
  return Object.entries(paths(programs)).every(([name, path]) => state.programs[name] === path);
}

function paths(programs: ReadonlyMap<string, Pick<Installed, "path">>): Record<string, string> {
  return Object.fromEntries([...programs].map(([name, { path }]) => [name, path]));
}

function kubeconfigFile(directory: string): string {
  return join(directory, "kubeconfig");
}

/**
 * Deletes the data that starts keep: objects, certificates, Pulumi state, the emulators' state, home volumes and
 * logs.
 */
function removeData(directory: string): void {
  for (const path of [
    join(directory, "sandbox.json"),
    etcdDataDirectory(directory),
    join(directory, "certificates"),
    pulumiStateDirectory(directory),
    cloudsState(directory),
    join(directory, "home"),
    podLogs(directory),
  ]) {
    remove(path);
  }
}
