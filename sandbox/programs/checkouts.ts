import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, statSync, utimesSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { z } from "zod";
import { readJsonIfPresent, remove, writeAtomically } from "../../lib/files.ts";
import { programCacheDirectory, projectDirectory } from "../paths.ts";
import { withLock } from "../processes/lock.ts";
import { folderName } from "./cache.ts";

/** What a checkout uses of the cache. */
const checkoutSchema = z.object({
  /** The checkout's folder. */
  directory: z.string(),
  /** Names of the cache's folders that it uses. */
  folders: z.array(z.string()),
  /** When it used them last, in milliseconds since 1970; exact to a day. */
  used: z.number(),
});

const day = 24 * 3_600_000;

/**
 * How long a folder stays that no checkout names, in milliseconds: checkouts from before this file was there name nothing,
 * and one that goes back to an earlier commit finds its programs.
 */
const idleTime = 30 * day;

/**
 * Notes which folders of the cache this checkout uses, so that no other one removes them. In a cache that cannot be written
 * nobody removes anything, and nothing is noted.
 *
 * @param paths where the checkout's artifacts are, or will be
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
    // What it is for does not happen in a cache that is read-only.
  }
}

/**
 * Removes what no checkout uses any more: folders that no checkout names that is still there, and that have not been used for
 * a month. What is being built has another name until it is complete, and stays.
 *
 * @returns the names of the folders that were removed
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

/** The folders that checkouts use, as they have noted. Notes of checkouts that are gone are removed. */
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

/** Whether nothing in a folder has been used for long: started, read or noted. */
function isIdle(folder: string): boolean {
  const contents = readdirSync(folder).map((name) => statSync(join(folder, name)));
  // Not when the folder itself was read, since this reads it.
  const times = [statSync(folder).mtimeMs, ...contents.map(({ atimeMs }) => atimeMs)];
  return Date.now() - Math.max(...times) > idleTime;
}

function notesDirectory(): string {
  return join(programCacheDirectory(), "checkouts");
}

/** One process at a time notes or removes, so that nothing goes between its being noted and its being found. */
async function alone(work: () => void): Promise<void> {
  mkdirSync(notesDirectory(), { recursive: true });
  await withLock(join(programCacheDirectory(), "checkouts.lock"), () => {
    work();
    return Promise.resolve();
  });
}
