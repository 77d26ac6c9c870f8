import { readFileSync, statSync } from "node:fs";
import { homedir } from "node:os";

/**
 * The value of a setting of the gcp plugin: a file's content where the setting is its path, else the text itself
 * (hashicorp/terraform-provider-google-beta, google-beta/verify/path_or_contents.go).
 */
export function contentOf(pathOrContent: string): string {
  const path = pathOrContent.replace(/^~(?=\/|$)/, homedir());
  return isFile(path) ? readFileSync(path, "utf8").trim() : pathOrContent;
}

/** Whether a path points to a file. */
export function isFile(path: string): boolean {
  try {
    return statSync(path).isFile();
  } catch {
    // Content longer than the maximum length of a path.
    return false;
  }
}
