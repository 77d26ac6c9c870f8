import { linkSync, mkdirSync, renameSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { hasCode, machineProblem, messageOf, UserError } from "../../lib/errors.ts";
import { readJsonIfPresent, remove } from "../../lib/files.ts";
import {
  isAlive,
  ownIdentity,
  processIdentitySchema,
  type ProcessIdentity,
} from "../../lib/processIdentity.ts";
import { waitFor } from "./wait.ts";

/** How {@link withLock} waits for a lock that a live process holds. */
export interface LockOptions {
  /** Called once, when another live process holds the lock. */
  readonly onWait?: (holder: ProcessIdentity) => void;
  /** Timeout in milliseconds. @default one hour, longer than the longest build */
  readonly timeout?: number;
}

/**
 * Runs `work` while holding the lock file `path`. A lock of a dead process is taken over, however the process died.
 *
 * @throws UserError when a live process holds the lock past the timeout, and at once when the lock file cannot be
 * written.
 */
export async function withLock<T>(
  path: string,
  work: () => Promise<T>,
  { onWait, timeout = 3_600_000 }: LockOptions = {},
): Promise<T> {
  let told = false;
  await waitFor(
    () => {
      const holder = takeLock(path);
      if (holder === undefined) {
        return true;
      }
      if (!told) {
        told = true;
        onWait?.(holder);
      }
      if (holder.pid === process.pid) {
        throw new UserError(`this process already holds the lock ${path}`);
      }
      return false;
    },
    { what: `The lock ${path}, held by another process,`, timeout, interval: 250 },
  );
  try {
    return await work();
  } finally {
    remove(path);
  }
}

/** As {@link tryLock}, but throws a UserError for an error that waiting does not resolve. */
function takeLock(path: string): ProcessIdentity | undefined {
  try {
    return tryLock(path);
  } catch (error) {
    // The previous holder may have deleted the lock's folder in the meantime.
    if (hasCode(error, "ENOENT")) {
      throw error;
    }
    const reason = machineProblem(error) ?? messageOf(error);
    throw new UserError(`The lock ${path} cannot be acquired. ${reason}`);
  }
}

/** Acquires the lock and returns undefined, or returns the live process that holds the lock. */
function tryLock(path: string): ProcessIdentity | undefined {
  mkdirSync(dirname(path), { recursive: true });
  const own = ownIdentity();
  const candidate = `${path}.${own.pid}`;
  try {
    writeFileSync(candidate, JSON.stringify(own));
    for (;;) {
      try {
        // A link appears with its content in place, so no process reads a half-written lock.
        linkSync(candidate, path);
        return undefined;
      } catch (error) {
        if (!hasCode(error, "EEXIST")) {
          throw error;
        }
      }
      const holder = readHolder(path);
      if (holder !== undefined && isAlive(holder)) {
        return holder;
      }
      discard(path, own);
    }
  } finally {
    remove(candidate);
  }
}

/**
 * Removes a dead process's lock by moving it: of two processes that find the lock dead, only one succeeds in moving
 * it. A live lock that was moved by mistake, because a third process was quicker, is restored.
 */
function discard(path: string, own: ProcessIdentity): void {
  const aside = `${path}.stale.${own.pid}`;
  try {
    renameSync(path, aside);
  } catch (error) {
    if (hasCode(error, "ENOENT")) {
      return;
    }
    throw error;
  }
  const moved = readHolder(aside);
  if (moved !== undefined && isAlive(moved)) {
    linkSync(aside, path);
  }
  remove(aside);
}

function readHolder(path: string): ProcessIdentity | undefined {
  return processIdentitySchema.safeParse(readJsonIfPresent(path)).data;
}
