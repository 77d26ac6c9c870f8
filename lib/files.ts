import {
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { hostname, tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";
import { hasCode } from "./errors.ts";

/** The text of a file, or undefined when it does not exist. */
export function readIfPresent(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    if (hasCode(error, "ENOENT")) {
      return undefined;
    }
    throw error;
  }
}

/** The parsed content of a JSON file, or undefined when it does not exist or is not JSON (a half-written file). */
export function readJsonIfPresent(path: string): unknown {
  const text = readIfPresent(path);
  try {
    return text === undefined ? undefined : (JSON.parse(text) as unknown);
  } catch {
    return undefined;
  }
}

/**
 * Writes a file so that a reader sees the old or the new content and nothing between; makes its folder.
 *
 * @param mode Permissions of the file, by default 0644.
 */
export function writeAtomically(path: string, content: string, mode = 0o644): void {
  const folder = dirname(path);
  mkdirSync(folder, { recursive: true });
  const ending = ".tmp";
  const prefix = `${basename(path)}.`;
  sweep(folder, (name) => ownerIn(name, prefix, ending));
  const temporary = join(folder, `${prefix}${process.pid}${ending}`);
  try {
    // Not left to the system to write later: a full disk is to be told here.
    writeFileSync(temporary, content, { mode, flush: true });
    renameSync(temporary, path);
  } catch (error) {
    remove(temporary);
    // Node names no file where the disk is full.
    throw error instanceof Error && !("path" in error) ? Object.assign(error, { path }) : error;
  }
}

/** {@link writeAtomically} of a value as JSON. */
export function writeJson(path: string, value: unknown, mode?: number): void {
  writeAtomically(path, `${JSON.stringify(value, undefined, 2)}\n`, mode);
}

/** Deletes a file or folder with all that is in it; nothing happens when it does not exist. */
export function remove(path: string): void {
  rmSync(path, { recursive: true, force: true, maxRetries: 3 });
}

/** A file outside the project, for as long as it is needed. */
export interface TemporaryFile {
  readonly path: string;
  /** Deletes it. */
  readonly remove: () => void;
}

/** Writes a file that nobody else can read; who asks for it removes it. */
export function temporaryFile(name: string, content: string): TemporaryFile {
  const directory = temporaryDirectory();
  const path = join(directory, name);
  writeAtomically(path, content, 0o600);
  return {
    path,
    remove: () => {
      remove(directory);
    },
  };
}

/**
 * Makes a folder outside the project that nobody else can read; who asks for it removes it. What a run has left that was
 * killed, the next one removes.
 */
export function temporaryDirectory(): string {
  // Processes of another container have numbers of their own.
  const prefix = `akash-${hostname()}-`;
  sweep(tmpdir(), (name) => ownerIn(name, prefix, ""));
  return mkdtempSync(join(tmpdir(), `${prefix}${process.pid}-`));
}

/** The process in a temporary name; undefined where the name is no such. */
function ownerIn(name: string, prefix: string, ending: string): number | undefined {
  if (!name.startsWith(prefix) || !name.endsWith(ending)) {
    return undefined;
  }
  const [, pid] =
    /^(\d+)(?:-\w+)?$/.exec(name.slice(prefix.length, name.length - ending.length)) ?? [];
  return pid === undefined ? undefined : Number(pid);
}

/** Deletes what processes of this user's have left in a folder that are there no more. */
function sweep(folder: string, ownerOf: (name: string) => number | undefined): void {
  for (const name of readdirSync(folder)) {
    const owner = ownerOf(name);
    if (owner !== undefined && !isRunning(owner)) {
      const path = join(folder, name);
      if (lstatSync(path, { throwIfNoEntry: false })?.uid === process.getuid?.()) {
        remove(path);
      }
    }
  }
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return !hasCode(error, "ESRCH");
  }
}
