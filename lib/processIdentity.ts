import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { z } from "zod";

/**
 * A process, distinguished from a later process with the same pid: signals and locks apply only to the intended process.
 */
export interface ProcessIdentity {
  readonly pid: number;
  /** When the process started, in a form that is unique for every process with this pid. */
  readonly started: string;
}

/** The form in which an identity is written to files. */
export const processIdentitySchema = z.object({ pid: z.int().positive(), started: z.string() });

/** The identity of the live process `pid`, or undefined when there is none (a zombie is ignored). */
export function identify(pid: number): ProcessIdentity | undefined {
  const started = process.platform === "linux" ? startFromProc(pid) : startFromPs(pid);
  return started === undefined ? undefined : { pid, started };
}

/** The identity of this process. */
export function ownIdentity(): ProcessIdentity {
  const identity = identify(process.pid);
  if (identity === undefined) {
    throw new Error("cannot read the start time of this process");
  }
  return identity;
}

/** Whether the process with this identity is still alive. */
export function isAlive(identity: ProcessIdentity): boolean {
  return identify(identity.pid)?.started === identity.started;
}

function startFromProc(pid: number): string | undefined {
  let stat: string;
  try {
    stat = readFileSync(`/proc/${pid}/stat`, "utf8");
  } catch {
    return undefined;
  }
  // The command's name, in parentheses, may itself contain spaces and parentheses.
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  const [state, startTicks] = [fields[0], fields[19]];
  if (state === "Z" || state === "X" || startTicks === undefined) {
    return undefined;
  }
  // Ticks count from boot, so they repeat after a reboot: the boot id distinguishes them.
  const boot = readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim();
  return `${boot}/${startTicks}`;
}

function startFromPs(pid: number): string | undefined {
  try {
    const output = execFileSync("ps", ["-o", "state=,lstart=", "-p", String(pid)], {
      encoding: "utf8",
      stdio: ["ignore", "pipe", "ignore"],
      env: { ...process.env, LC_ALL: "C" },
    }).trim();
    return output === "" || output.startsWith("Z") ? undefined : output.replace(/^\S+\s+/, "");
  } catch {
    return undefined;
  }
}
