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
  /** Its folder, absolute. */
  readonly directory: string;
  /** Path of a kubeconfig with all rights. */
  readonly kubeconfig: string;
  /** Path of the certificate (PEM) of the authority that all its servers' certificates come from. */
  readonly ca: string;
  /** The ACME server, Pebble. */
  readonly acme: {
    /** URL of its directory; a client has to trust `ca`. */
    readonly directoryUrl: string;
    /** URL of its management interface; `/roots/0` is the root of the certificates that it issues. */
    readonly managementUrl: string;
    /** Port of 127.0.0.1 where it expects the answer to an HTTP-01 challenge. */
    readonly httpChallengePort: number;
  };
  /** The DNS server that the ACME server asks. */
  readonly dns: {
    /** Its address as host and port, for TCP and UDP. */
    readonly address: string;
    /** URL of its management interface (`/set-txt`, `/clear-txt`, `/add-a`, …). */
    readonly managementUrl: string;
  };
  /** The emulated clouds. */
  readonly clouds: Clouds;
  /** All ports of 127.0.0.1 that belong to it, by name. */
  readonly ports: Readonly<Record<(typeof portNames)[number], number>>;
  /** The environment for `pulumi`, `kubectl` and `helm`. */
  readonly environment: NodeJS.ProcessEnv;
}

/** How to start a sandbox. */
export interface StartOptions {
  /** Its folder, which is made. Sandboxes in different folders do not disturb each other. */
  readonly directory: string;
  readonly reporter: Reporter;
  /** Whether to throw away what an earlier start left there. @default false */
  readonly fresh?: boolean;
}

/** What stands on others and so is ended after them. */
const databases = ["etcd"];
/** The parts that cannot start on damaged data. */
const readers = ["etcd", "kube-apiserver"];

/**
 * Starts the sandbox in a folder, or goes on with the one that runs there. The objects in the cluster and
 * Pulumi's state are kept from one start to the next; they are made anew when asked for, when the start before
 * was killed half way, and when they turn out to be unusable.
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
      // The issuer, too: what is missing is told at once, and the cluster starts while the rest is made.
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
          await startOrGoOn({ directory, reporter, programs, pulumi }, fresh),
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

/** Goes on with what an earlier start has left, as far as it can be used. */
async function startOrGoOn(context: StartContext, fresh: boolean): Promise<State> {
  const { directory, reporter, programs, pulumi } = context;
  const cutShort = wasCutShort(directory);
  const state = fresh || cutShort ? undefined : readState(directory);
  if (state !== undefined && isRunning(directory, state) && usesPrograms(state, programs)) {
    reporter.note("The sandbox is running already.");
    removeStalePulumiLocks(directory);
    // Pulumi may have been installed since, and `npm run pulumi` must go on with the tools of this start.
    const present = { ...state, pulumi: await pulumi() };
    await installPlugins(pulumiHome(directory), present.pulumi, reporter);
    writeState(directory, present);
    return present;
  }
  const leftovers = await stopParts(directory, databases);
  if (leftovers.length > 0) {
    reporter.note(`Stopped what was left of an earlier start: ${leftovers.join(", ")}.`);
  }
  if (cutShort) {
    reporter.note("The start before did not finish, so this one begins afresh.");
  }
  if (state === undefined) {
    removeData(directory);
  }
  removeStalePulumiLocks(directory);
  return startAll(context, state);
}

/**
 * Stops all that runs in the sandbox of a folder; nothing happens when nothing does.
 *
 * @param options.clean Whether to delete all data, too.
 * @returns the names of what was stopped.
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
      // Not the locks: another process may be waiting for this one.
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

/**
 * Runs `work` as the only process that changes what is deployed in a sandbox; another `npm start` waits.
 */
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
 * The sandbox that runs in a folder.
 *
 * @throws UserError when none does, one of its parts has ended, or a program that it runs with is gone
 */
export function runningSandbox(directory: string): Sandbox {
  const folder = resolve(directory);
  const state = readState(folder);
  if (state === undefined || liveParts(folder).length === 0) {
    throw new UserError("The sandbox is not running: start it with `npm start`.");
  }
  if (!isRunning(folder, state)) {
    throw new UserError("A part of the sandbox has ended: run `npm start`, which mends it.");
  }
  const { cli, kubernetesPlugin = cli } = state.pulumi;
  const gone = [cli, kubernetesPlugin].find((path) => !existsSync(path));
  if (gone !== undefined) {
    throw new UserError(`${gone} is gone: run \`npm start\`, which puts it back.`);
  }
  return describe(folder, state);
}

/** Keys and tokens are in it, which open a user's own sandbox to nobody else. */
function makePrivate(directory: string): void {
  mkdirSync(directory, { recursive: true });
  // Also one that an earlier version has made.
  chmodSync(directory, 0o700);
}

interface StartContext {
  readonly directory: string;
  readonly reporter: Reporter;
  readonly programs: ClusterContext["programs"];
  /** Ready when what is missing of it is built. */
  readonly pulumi: () => Promise<PulumiTools>;
}

/** How often other ports are tried where another program has taken one between its choice and its use. */
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
      reporter.note("Another program has taken a port meanwhile; trying others.");
      return startAll(context, previous && { ...previous, ports: {} }, attempt + 1);
    }
    if (previous === undefined) {
      throw error;
    }
    if (error instanceof PartError && readers.includes(error.part)) {
      reporter.note(
        `${error.message}\nThe data of the earlier start are unusable; beginning afresh.`,
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
  // Pulumi does not make the folder of a file backend.
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
        "Objects that a provider expects",
        () => applyObjects(kubeconfig, gatewayApi),
        (count) => `${count}`,
      );
      // Among them is a type of kwok's own, without which it looks for it again only after a while.
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
    "Control plane, ACME server and clouds",
    () => allOf([startCluster(), startAcme(), startClouds()]),
    () => `${started.length} parts`,
  );
  const tools = await withStep(reporter, "Pulumi", pulumi);
  await installPlugins(pulumiHome(directory), tools, reporter);
  return { ports, parts: started, programs: paths(programs), pulumi: tools };
}

/** Waits for all to end, so that nothing is still being started when a failure is dealt with. */
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

/** Deletes what a start keeps of an earlier one: objects, certificates, Pulumi's state, clouds, home volumes and logs. */
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
