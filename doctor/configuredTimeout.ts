import { readStackFile } from "../adopt/stackFile.ts";
import { providerHost } from "../chart/release.ts";
import { settings } from "../config/settings.ts";

/**
 * How long an operation of Helm's that the stack has begun since its last update may take, in seconds: by the stack's
 * file, since its state knows only what has ended.
 *
 * @param directory the project's
 * @returns undefined where the file cannot be read, or its setting is none
 */
export function configuredTimeout(directory: string, stack: string): number | undefined {
  const timeout = readSetting(directory, stack, "timeout");
  return settings.timeout.safeParse(typeof timeout === "number" ? String(timeout) : timeout).data;
}

/** The provider's host by the stack's file, for a stack whose state does not say it; undefined as above. */
export function configuredHost(directory: string, stack: string): string | undefined {
  const domain = readSetting(directory, stack, "domain");
  return typeof domain === "string" ? providerHost(domain) : undefined;
}

function readSetting(directory: string, stack: string, name: string): unknown {
  try {
    return readStackFile(directory, stack).settings[name];
  } catch {
    // No stack begins an operation from such a file; and Pulumi finds a stack by its full name from anywhere.
    return null;
  }
}
