import { join } from "node:path";
import { readJsonIfPresent, remove, writeJson } from "../../lib/files.ts";
import { isAlive, ownIdentity, processIdentitySchema } from "../../lib/processIdentity.ts";

/**
 * Marks the data of a sandbox as unfinished, on behalf of this process. If the process is killed before {@link
 * clearUnfinished}, the next start knows that the data are unreliable.
 */
export function markUnfinished(directory: string): void {
  writeJson(markerFile(directory), ownIdentity());
}

/** Removes the mark: the data of a sandbox are complete again. */
export function clearUnfinished(directory: string): void {
  remove(markerFile(directory));
}

/** Whether a process that changed the data of a sandbox is dead and had not finished. */
export function wasCutShort(directory: string): boolean {
  const content = readJsonIfPresent(markerFile(directory));
  if (content === undefined) {
    return false;
  }
  const holder = processIdentitySchema.safeParse(content).data;
  return holder === undefined || !isAlive(holder);
}

function markerFile(directory: string): string {
  return join(directory, "unfinished.json");
}
