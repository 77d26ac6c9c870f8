import { spawnSync } from "node:child_process";

/** The result of a program in a folder on a file system of its own. */
export interface OnDisk {
  readonly status: number | null;
  readonly stderr: string;
}

/** Whether tests can mount file systems on this machine. */
export function canMount(): boolean {
  return spawnSync("unshare", ["-rm", "true"]).status === 0;
}

/**
 * Runs code in Node, as a module of this project, while a folder is a file system of its own.
 *
 * @param folder an empty folder, available to the code as `process.env.FOLDER`
 * @param kind `full`: 64 KiB, completely used; `read-only`
 */
export function onDisk(folder: string, kind: "full" | "read-only", code: string): OnDisk {
  const mount = 'mount -t tmpfs -o size=64k none "$FOLDER"';
  const make = {
    full: `${mount} && { head -c 1M /dev/zero > "$FOLDER/filling" 2> /dev/null; true; }`,
    "read-only": `${mount} && mount -o remount,ro "$FOLDER"`,
  }[kind];
  const program = [process.execPath, "--input-type=module", "-e", code];
  const { status, stderr } = spawnSync(
    "unshare",
    ["-rm", "sh", "-c", `${make} && exec "$@"`, "sh", ...program],
    { encoding: "utf8", env: { ...process.env, FOLDER: folder } },
  );
  return { status, stderr };
}
