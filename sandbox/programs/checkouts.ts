import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { z } from "zod";
import { readJsonIfPresent, remove, writeAtomically } from "../../lib/files.ts";
import { programCacheDirectory, projectDirectory } from "../paths.ts";
import { withLock } from "../processes/lock.ts";

/** What a checkout uses of the cache. */
const checkoutSchema = z.object({
  /** The checkout's folder. */
  directory: z.string(),
  /** Names of the cache's folders that it uses. */
  folders: z.array(z.string()),
});

/**
 * Notes which folders of the cache this checkout uses, so that no other one removes them.
 *
 * @param paths where the checkout's artifacts are, or will be
 */
export async function noteUse(
  paths: readonly string[],
  checkout = projectDirectory,
): Promise<void> {
  const key = createHash("sha256").update(checkout).digest("hex").slice(0, 12);
  const folders = paths.map((path) => basename(dirname(path)));
  await withCheckouts((directory) => {
    writeAtomically(
      join(directory, `${key}.json`),
      JSON.stringify({ directory: checkout, folders }),
    );
  });
}

/**
 * Removes what no checkout uses any more: the programs of versions that all have gone on from, and those of checkouts that
 * are gone. What is being built has another name until it is complete, and stays.
 *
 * @returns the names of the folders that were removed
 */
export async function removeSuperseded(): Promise<readonly string[]> {
  const removed: string[] = [];
  await withCheckouts((directory) => {
    const used = new Set<string>();
    for (const file of readdirSync(directory).filter((name) => name.endsWith(".json"))) {
      const note = checkoutSchema.safeParse(readJsonIfPresent(join(directory, file))).data;
      if (note === undefined || !existsSync(note.directory)) {
        remove(join(directory, file));
        continue;
      }
      note.folders.forEach((folder) => used.add(folder));
    }
    const cache = programCacheDirectory();
    // <name>-<version>-<hash>, as the builder names them.
    const folders = readdirSync(cache).filter((name) => /-[0-9a-f]{12}$/.test(name));
    for (const folder of folders.filter((name) => !used.has(name))) {
      remove(join(cache, folder));
      remove(join(cache, `${folder}.log`));
      removed.push(folder);
    }
  });
  return removed;
}

/** One process at a time notes or removes, so that nothing goes between its being noted and its being found. */
async function withCheckouts(work: (directory: string) => void): Promise<void> {
  const directory = join(programCacheDirectory(), "checkouts");
  mkdirSync(directory, { recursive: true });
  await withLock(join(programCacheDirectory(), "checkouts.lock"), () => {
    work(directory);
    return Promise.resolve();
  });
}
