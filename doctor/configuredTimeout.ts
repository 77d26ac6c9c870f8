import { readStackFile } from "../adopt/stackFile.ts";
import { settings } from "../config/settings.ts";

/**
 * How long an operation of Helm's that the stack has begun since its last update may take, in seconds: by the stack's
 * file, since its state knows only what has ended.
 *
 * @param directory the project's
 * @returns undefined where the file cannot be read, or its setting is none
 */
export function configuredTimeout(directory: string, stack: string): number | undefined {
  const timeout = readTimeout(directory, stack);
  return settings.timeout.safeParse(typeof timeout === "number" ? String(timeout) : timeout).data;
}

function readTimeout(directory: string, stack: string): unknown {
  try {
    return readStackFile(directory, stack).settings.timeout;
  } catch {
    // No stack begins an operation from such a file; and Pulumi finds a stack by its full name from anywhere.
    return null;
  }
}
