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
 * Writes a file so that a reader sees either the old or the new content; creates its folder.
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
    // Flushed, so that a full disk is reported here.
    writeFileSync(temporary, content, { mode, flush: true });
    renameSync(temporary, path);
  } catch (error) {
    remove(temporary);
    // Node's error for a full disk does not name the file.
    throw error instanceof Error && !("path" in error) ? Object.assign(error, { path }) : error;
  }
}

/** {@link writeAtomically} of a value as JSON. */
export function writeJson(path: string, value: unknown, mode?: number): void {
  writeAtomically(path, `${JSON.stringify(value, undefined, 2)}\n`, mode);
}

/** Deletes a file or folder with its content; a missing one is not an error. */
export function remove(path: string): void {
  rmSync(path, { recursive: true, force: true, maxRetries: 3 });
}

/** A temporary file outside the project. */
export interface TemporaryFile {
  readonly path: string;
  /** Deletes it. */
  readonly remove: () => void;
}

/** Writes a temporary file that no other user can read; the caller deletes it. */
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
 * Creates a folder outside the project that no other user can read; the caller deletes it. The next run deletes the folders
 * of killed runs.
 */
export function temporaryDirectory(): string {
  // Another container has its own process ids.
  const prefix = `akash-${hostname()}-`;
  sweep(tmpdir(), (name) => ownerIn(name, prefix, ""));
  return mkdtempSync(join(tmpdir(), `${prefix}${process.pid}-`));
}

/** The process in a temporary name; undefined for other names. */
function ownerIn(name: string, prefix: string, ending: string): number | undefined {
  if (!name.startsWith(prefix) || !name.endsWith(ending)) {
    return undefined;
  }
  const [, pid] =
    /^(\d+)(?:-\w+)?$/.exec(name.slice(prefix.length, name.length - ending.length)) ?? [];
  return pid === undefined ? undefined : Number(pid);
}

/** Deletes the files of this user in a folder whose processes have ended. */
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
