import { spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, mkdirSync, openSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { hasCode, messageOf, UserError } from "../../lib/errors.ts";
import { loopbackWithoutProxy } from "../../lib/proxy.ts";
import { readIfPresent, readJsonIfPresent, remove, writeJson } from "../../lib/files.ts";
import {
  identify,
  isAlive,
  processIdentitySchema,
  type ProcessIdentity,
} from "../../lib/processIdentity.ts";
import { waitFor } from "./wait.ts";

/** A long-running part of the sandbox. */
export interface Part {
  /** Names its log and pid file. */
  readonly name: string;
  /** The executable. */
  readonly command: string;
  readonly args: readonly string[];
  /** Environment variables in addition to those of this process. */
  readonly environment?: NodeJS.ProcessEnv;
  /** Whether the part is ready to serve; called until it returns a value other than false and does not throw. */
  readonly ready: () => Promise<boolean>;
  /** Timeout for becoming ready, in milliseconds. @default 60 seconds */
  readonly timeout?: number;
}

/**
 * The environment variable that names the sandbox a process belongs to. It lets `npm stop` also find processes
 * without a pid file: a part whose starter was killed at that moment, or a Pulumi process that a killed start left
 * behind.
 */
export const membershipVariable = "AKASH_SANDBOX_DIRECTORY";

const recordSchema = z.object({ name: z.string(), identity: processIdentitySchema });

/** The error of a part that did not start. */
export class PartError extends UserError {
  /** The name of the part. */
  readonly part: string;

  /** Whether the part failed because its port was in use. */
  get portTaken(): boolean {
    return /address already in use|EADDRINUSE/i.test(this.message);
  }

  constructor(part: string, message: string) {
    super(message);
    this.part = part;
  }
}

/** Grace period before a part is killed, in milliseconds. */
const gracePeriod = 10_000;
const shownLogLines = 10;

/** The log file of a part. */
export function logFile(directory: string, name: string): string {
  return join(directory, "logs", `${name}.log`);
}

/**
 * Starts a part detached from this process, so that the part keeps running after this process ends, and waits until
 * the part is ready. The output goes to {@link logFile}.
 *
 * @param directory The sandbox's folder.
 * @throws PartError with the end of the log when the part ends or is not ready in time.
 */
export async function startPart(directory: string, part: Part): Promise<void> {
  const log = logFile(directory, part.name);
  mkdirSync(join(directory, "logs"), { recursive: true });
  const output = openSync(log, "w");
  const child = spawn(part.command, part.args, {
    cwd: directory,
    detached: true,
    env: {
      ...process.env,
      ...loopbackWithoutProxy(process.env),
      ...part.environment,
      [membershipVariable]: directory,
    },
    stdio: ["ignore", output, output],
  });
  closeSync(output);
  const fail = (what: string): never => {
    throw new PartError(part.name, `${what}. The end of ${log}:\n${logTail(log)}`);
  };
  try {
    await once(child, "spawn");
  } catch (error) {
    fail(`${part.name} does not start: ${messageOf(error)}`);
  }
  const identity = child.pid === undefined ? undefined : identify(child.pid);
  if (identity !== undefined) {
    writeJson(pidFile(directory, part.name), { name: part.name, identity });
  }
  child.unref();
  const check = async () => {
    if (child.exitCode !== null || child.signalCode !== null) {
      fail(`${part.name} ended (${child.signalCode ?? `exit code ${child.exitCode}`})`);
    }
    return part.ready();
  };
  try {
    await waitFor(check, { what: part.name, timeout: part.timeout ?? 60_000 });
  } catch (error) {
    if (error instanceof PartError) {
      throw error;
    }
    fail(messageOf(error));
  }
}

/** Names of the live parts that were started in this folder. */
export function liveParts(directory: string): string[] {
  return readRecords(directory)
    .filter(({ identity }) => isAlive(identity))
    .map(({ name }) => name);
}

/**
 * Stops all processes of this sandbox: sends SIGTERM to each, and kills those that have not ended within ten
 * seconds. A process that reuses the number of an ended part is not touched.
 *
 * @param last Names of parts to stop last, such as the database of a server.
 * @returns the names of the processes that were alive.
 */
export async function stopParts(
  directory: string,
  last: readonly string[] = [],
): Promise<string[]> {
  const records = readRecords(directory);
  const known = records.filter(({ identity }) => isAlive(identity));
  const knownPids = new Set(known.map(({ identity }) => identity.pid));
  const orphans = findMembers(directory).filter(({ identity }) => !knownPids.has(identity.pid));
  const alive = [...known, ...orphans];
  const isLast = ({ name }: Record) => last.includes(name);
  for (const group of [alive.filter((record) => !isLast(record)), alive.filter(isLast)]) {
    await Promise.all(group.map(stop));
  }
  for (const { name } of records) {
    remove(pidFile(directory, name));
  }
  return alive.map(({ name }) => name);
}

interface Record {
  readonly name: string;
  readonly identity: ProcessIdentity;
}

/** Processes with the mark of this sandbox, except this process and its ancestors. Linux only. */
function findMembers(directory: string): Record[] {
  if (process.platform !== "linux") {
    return [];
  }
  const mark = `${membershipVariable}=${directory}`;
  const own = ancestors(process.pid);
  return readdirSync("/proc")
    .filter((entry) => /^\d+$/.test(entry) && !own.has(Number(entry)))
    .flatMap((entry) => {
      const environment = readProc(entry, "environ").split("\0");
      const identity = environment.includes(mark) ? identify(Number(entry)) : undefined;
      return identity === undefined ? [] : [{ name: readProc(entry, "comm").trim(), identity }];
    });
}

function ancestors(pid: number): Set<number> {
  const found = new Set<number>();
  for (let current = pid; current > 1 && !found.has(current);) {
    found.add(current);
    current = Number(/^PPid:\s*(\d+)/m.exec(readProc(String(current), "status"))?.[1] ?? 0);
  }
  return found;
}

/** A file of /proc; empty when the process has ended or belongs to another user. */
function readProc(pid: string, file: string): string {
  try {
    return readFileSync(join("/proc", pid, file), "utf8");
  } catch {
    return "";
  }
}

/** Stops one part only, as when a machine of the cluster is switched off. */
export async function stopPart(directory: string, name: string): Promise<void> {
  await Promise.all(
    readRecords(directory)
      .filter((record) => record.name === name && isAlive(record.identity))
      .map(stop),
  );
}

async function stop({ name, identity }: Record): Promise<void> {
  const ended = (timeout: number) =>
    waitFor(() => !isAlive(identity), { what: `the end of ${name}`, timeout, interval: 25 });
  signal(identity.pid, "SIGTERM");
  try {
    await ended(gracePeriod);
  } catch {
    if (isAlive(identity)) {
      signal(identity.pid, "SIGKILL");
      await ended(gracePeriod);
    }
  }
}

function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch (error) {
    // The process has ended in the meantime.
    if (!hasCode(error, "ESRCH")) {
      throw error;
    }
  }
}

function readRecords(directory: string): Record[] {
  const folder = join(directory, "run");
  let files: string[];
  try {
    files = readdirSync(folder).filter((file) => file.endsWith(".json"));
  } catch (error) {
    if (hasCode(error, "ENOENT")) {
      return [];
    }
    throw error;
  }
  return files.flatMap((file) => {
    const { data } = recordSchema.safeParse(readJsonIfPresent(join(folder, file)));
    return data === undefined ? [] : [data];
  });
}

function pidFile(directory: string, name: string): string {
  return join(directory, "run", `${name}.json`);
}

function logTail(path: string): string {
  const lines = (readIfPresent(path) ?? "").trimEnd().split("\n").slice(-shownLogLines);
  return lines.map((line) => `  ${line}`).join("\n");
}
