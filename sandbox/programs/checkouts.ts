import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, statSync, utimesSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { z } from "zod";
import { readJsonIfPresent, remove, writeAtomically } from "../../lib/files.ts";
import { programCacheDirectory, projectDirectory } from "../paths.ts";
import { withLock } from "../processes/lock.ts";
import { folderName } from "./cache.ts";

/** What a checkout uses from the cache. */
const checkoutSchema = z.object({
  /** The checkout's folder. */
  directory: z.string(),
  /** Names of the cache's folders in use. */
  folders: z.array(z.string()),
  /** Time of the last use, in milliseconds since 1970; exact to a day. */
  used: z.number(),
});

const day = 24 * 3_600_000;

/**
 * How long an unused folder is kept, in milliseconds. Checkouts older than this file note nothing, and a checkout
 * that returns to an earlier commit finds its programs.
 */
const idleTime = 30 * day;

/**
 * Notes which folders of the cache this checkout uses, so that no other checkout removes them. In a cache that is
 * read-only, nothing is removed and nothing is noted.
 *
 * @param paths the current or future paths of the checkout's artifacts
 * @param checkout the checkout's folder
 */
export async function noteUse(
  paths: readonly string[],
  checkout = projectDirectory,
): Promise<void> {
  const key = createHash("sha256").update(checkout).digest("hex").slice(0, 12);
  const file = join(notesDirectory(), `${key}.json`);
  const folders = paths.map((path) => basename(dirname(path)));
  try {
    const noted = checkoutSchema.safeParse(readJsonIfPresent(file)).data;
    const same = noted?.directory === checkout && String(noted.folders) === String(folders);
    if (same && Date.now() - noted.used < day) {
      return;
    }
    await alone(() => {
      const note = { directory: checkout, folders, used: Date.now() };
      writeAtomically(file, JSON.stringify(note));
      const now = new Date();
      for (const folder of folders.map((name) => join(programCacheDirectory(), name))) {
        if (existsSync(folder)) {
          utimesSync(folder, now, now);
        }
      }
    });
  } catch {
    // Without write access to the cache, no checkout removes anything, so the note is not needed.
  }
}

/**
 * Removes folders that no existing checkout uses and that have not been used for a month. A build in progress has
 * another name until it is complete, and is kept.
 *
 * @returns the names of the removed folders
 */
export async function removeSuperseded(): Promise<readonly string[]> {
  const removed: string[] = [];
  await alone(() => {
    const used = namedFolders();
    const cache = programCacheDirectory();
    const folders = readdirSync(cache).filter((name) => folderName.test(name) && !used.has(name));
    for (const folder of folders.filter((name) => isIdle(join(cache, name)))) {
      remove(join(cache, folder));
      remove(join(cache, `${folder}.log`));
      removed.push(folder);
    }
  });
  return removed;
}

/** The folders that checkouts have noted. Notes of checkouts that no longer exist are removed. */
function namedFolders(): ReadonlySet<string> {
  const named = new Set<string>();
  for (const name of readdirSync(notesDirectory()).filter((name) => name.endsWith(".json"))) {
    const file = join(notesDirectory(), name);
    const note = checkoutSchema.safeParse(readJsonIfPresent(file)).data;
    if (note === undefined || !existsSync(note.directory)) {
      remove(file);
      continue;
    }
    note.folders.forEach((folder) => named.add(folder));
  }
  return named;
}

/** Whether nothing in a folder has been started, read or noted for a month. */
function isIdle(folder: string): boolean {
  const contents = readdirSync(folder).map((name) => statSync(join(folder, name)));
  // The folder's own access time is ignored, because this function reads the folder.
  const times = [statSync(folder).mtimeMs, ...contents.map(({ atimeMs }) => atimeMs)];
  return Date.now() - Math.max(...times) > idleTime;
}

function notesDirectory(): string {
  return join(programCacheDirectory(), "checkouts");
}

/** One process at a time notes or removes, so that no folder is removed between being found and being noted. */
async function alone(work: () => void): Promise<void> {
  mkdirSync(notesDirectory(), { recursive: true });
  await withLock(join(programCacheDirectory(), "checkouts.lock"), () => {
    work();
    return Promise.resolve();
  });
}
