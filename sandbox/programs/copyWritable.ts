import { chmodSync, copyFileSync, mkdirSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";

/**
 * Copies a file or folder from the Go module cache, whose files are read-only, and makes the copy writable.
 *
 * @param isWanted whether to copy the file or folder at this path below `from`. @default all
 */
export function copyWritable(
  from: string,
  to: string,
  isWanted: (path: string) => boolean = () => true,
): void {
  const copy = (path: string) => {
    const [source, target] = [join(from, path), join(to, path)];
    if (!statSync(source).isDirectory()) {
      copyFileSync(source, target);
      chmodSync(target, 0o644);
      return;
    }
    mkdirSync(target, { recursive: true });
    for (const entry of readdirSync(source)) {
      const below = join(path, entry);
      if (isWanted(below)) {
        copy(below);
      }
    }
  };
  copy("");
}
