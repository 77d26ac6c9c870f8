import { homedir } from "node:os";
import { dirname, join, resolve } from "node:path";

/** The project's folder, which contains Pulumi.yaml. */
export const projectDirectory = dirname(import.meta.dirname);

/** The sandbox that `npm start` uses; tests use folders of their own. */
export const defaultSandboxDirectory = join(projectDirectory, ".sandbox");

/** A folder of this project's sandbox code, such as `emulators`. */
export function sandboxSource(name: string): string {
  return join(import.meta.dirname, name);
}

/**
 * The cache of built programs, outside the checkout so that all checkouts share it:
 * `$XDG_CACHE_HOME/akash-provider-letsencrypt/programs`, by default under `~/.cache`.
 */
export function programCacheDirectory(): string {
  const configured = process.env.XDG_CACHE_HOME;
  // The XDG base directory specification requires that relative paths are ignored.
  const base = configured?.startsWith("/") ? configured : join(homedir(), ".cache");
  return resolve(base, "akash-provider-letsencrypt", "programs");
}
