import { mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
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
  mkdirSync(dirname(path), { recursive: true });
  const temporary = `${path}.${process.pid}.tmp`;
  writeFileSync(temporary, content, { mode });
  renameSync(temporary, path);
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
  const directory = mkdtempSync(join(tmpdir(), "akash-"));
  const path = join(directory, name);
  writeFileSync(path, content);
  return {
    path,
    remove: () => {
      remove(directory);
    },
  };
}
