import { join } from "node:path";

/** The folder with the home volumes of a namespace's providers. */
export function homeVolumes(directory: string, namespace: string): string {
  return join(directory, "home", namespace);
}
