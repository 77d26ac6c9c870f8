import { readFileSync, statSync } from "node:fs";
import { homedir } from "node:os";

/**
 * The text that a setting of the gcp plugin means: a file's content where it is the path of one, else the text itself
 * (hashicorp/terraform-provider-google-beta, google-beta/verify/path_or_contents.go).
 */
export function contentOf(pathOrContent: string): string {
  const path = pathOrContent.replace(/^~(?=\/|$)/, homedir());
  return isFile(path) ? readFileSync(path, "utf8").trim() : pathOrContent;
}

/** Whether a path is that of a file. */
export function isFile(path: string): boolean {
  try {
    return statSync(path).isFile();
  } catch {
    // Content that is longer than any path may be.
    return false;
  }
}
