import { readdirSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { z } from "zod";
import { pulumiStateDirectory } from "./environment.ts";
import { hasCode } from "../../lib/errors.ts";
import { readJsonIfPresent, remove } from "../../lib/files.ts";
import { identify } from "../../lib/processIdentity.ts";

const lockSchema = z.object({ pid: z.int(), hostname: z.string() });

/**
 * Removes the locks on a sandbox's stacks that killed Pulumi processes of this machine left.
 *
 * @returns the number of removed locks.
 */
export function removeStalePulumiLocks(directory: string): number {
  const root = join(pulumiStateDirectory(directory), ".pulumi", "locks");
  const stale = lockFiles(root).filter((file) => {
    const { data } = lockSchema.safeParse(readJsonIfPresent(file));
    return data?.hostname === hostname() && identify(data.pid) === undefined;
  });
  stale.forEach(remove);
  return stale.length;
}

function lockFiles(root: string): string[] {
  try {
    return readdirSync(root, { recursive: true, encoding: "utf8" })
      .filter((file) => file.endsWith(".json"))
      .map((file) => join(root, file));
  } catch (error) {
    if (hasCode(error, "ENOENT")) {
      return [];
    }
    throw error;
  }
}
