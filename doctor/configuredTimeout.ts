import { readStackFile } from "../adopt/stackFile.ts";
import { providerHost } from "../chart/release.ts";
import { settings } from "../config/settings.ts";

/**
 * The timeout of a Helm operation that the stack has started since its last update, in seconds. The stack's file
 * contains it; the state contains only completed operations.
 *
 * @param directory the project's directory
 * @returns undefined if the file cannot be read, or the setting is missing or invalid
 */
export function configuredTimeout(directory: string, stack: string): number | undefined {
  const timeout = readSetting(directory, stack, "timeout");
  return settings.timeout.safeParse(typeof timeout === "number" ? String(timeout) : timeout).data;
}

/** The provider's host by the stack's file, for a stack whose state does not contain it; undefined as above. */
export function configuredHost(directory: string, stack: string): string | undefined {
  const domain = readSetting(directory, stack, "domain");
  return typeof domain === "string" ? providerHost(domain) : undefined;
}

function readSetting(directory: string, stack: string, name: string): unknown {
  try {
    return readStackFile(directory, stack).settings[name];
  } catch {
    // No stack starts an operation from such a file; and Pulumi finds a stack by its full name from any directory.
    return null;
  }
}
