/**
 * Runs a command as a container runtime does: with the container's files and environment, and without those of this
 * machine.
 */
import { execFile } from "node:child_process";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  realpathSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { remove, temporaryDirectory } from "../../lib/files.ts";

/** A command in a container. */
export interface ContainerCommand {
  readonly command: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  /** Folders of this machine, by mount path in the container. */
  readonly mounts: Readonly<Record<string, string>>;
  /** Age of the container's process 1, in seconds. */
  readonly age: number;
  /** Programs that differ from the image's, by name: a script, or null for a missing program. @default none */
  readonly programs?: Readonly<Record<string, string | null>>;
  /** Files of /proc with other content, by path below /proc. @default none */
  readonly proc?: Readonly<Record<string, string>>;
  /** Timeout in seconds, after which the command is killed. @default 30, as the chart's probe */
  readonly timeout?: number;
}

/** The result of a command. */
export interface ContainerResult {
  /** 124 when the command was killed. */
  readonly code: number;
  readonly output: string;
}

/** The programs of the provider's image (ubuntu:noble with a few packages) that its scripts use. */
const image = [
  ...["bash", "sh", "env", "cat", "cut", "date", "head", "mkdir", "rm", "sleep", "sort", "tail"],
  ...["timeout", "tr", "wc", "awk", "curl", "grep", "jq", "openssl", "sed"],
];

/** An uptime of the machine longer than the age of any container, in seconds. */
const uptime = 100 * 24 * 3_600;

/** Builds the container's root in a mount namespace of its own, and starts the command in it. */
const enter = `set -e
root=$1 files=$2
shift 2
mount -t tmpfs none "$root"
for folder in /usr /bin /sbin /lib /lib64 /etc; do
  if [ -L "$folder" ]; then cp -P "$folder" "$root$folder"
  elif [ -d "$folder" ]; then mkdir "$root$folder"; mount --rbind "$folder" "$root$folder"; fi
done
mkdir "$root/tmp" "$root/dev" "$root/proc" "$root/image"
mount --rbind /dev "$root/dev"
mount --rbind /proc "$root/proc"
mount --bind "$files/image" "$root/image"
(cd "$files/proc" && find . -type f) | while read -r file; do mount --bind "$files/proc/$file" "$root/proc/$file"; done
while [ "$1" != -- ]; do
  mkdir -p "$root$1"
  mount --bind "$2" "$root$1"
  shift 2
done
shift
exec chroot "$root" "$@"
`;

/**
 * Why no container can run here, or undefined if it can: a container requires Linux' user and mount namespaces for
 * unprivileged users, and the image's programs on this machine.
 */
export async function containersImpossible(): Promise<string | undefined> {
  const missing = image.filter((name) => programOf(name) === undefined);
  if (missing.length > 0) {
    return `this machine has no ${missing.join(", ")}`;
  }
  const { code, output } = await run(
    "unshare",
    ["-rm", "mount", "-t", "tmpfs", "none", "/mnt"],
    10,
  );
  return code === 0 ? undefined : `no user and mount namespaces: ${output.trim()}`;
}

/**
 * Runs a command in a container and waits for its end.
 *
 * The root contains this machine's programs without its other files; only the image's programs are on PATH. Process
 * 1 is this machine's, with a start time that matches the age.
 */
export async function runInContainer({
  command,
  environment,
  mounts,
  age,
  programs = {},
  proc = {},
  timeout = 30,
}: ContainerCommand): Promise<ContainerResult> {
  const files = temporaryDirectory();
  try {
    const root = join(files, "root");
    mkdirSync(root);
    writeImage(join(files, "image"), programs);
    writeProc(join(files, "proc"), { ...processOne(age), ...proc });
    const variables = Object.entries({ ...environment, PATH: "/image" });
    return await run(
      "unshare",
      [
        ...["-rm", "sh", "-c", enter, "enter", root, files],
        ...Object.entries(mounts).flat(),
        ...["--", "/usr/bin/env", "-i", ...variables.map(([name, value]) => `${name}=${value}`)],
        ...command,
      ],
      timeout,
    );
  } finally {
    remove(files);
  }
}

function writeImage(folder: string, programs: Readonly<Record<string, string | null>>): void {
  mkdirSync(folder);
  for (const name of image.filter((name) => !(name in programs))) {
    symlinkSync(programOf(name) ?? "", join(folder, name));
  }
  for (const [name, script] of Object.entries(programs)) {
    if (script !== null) {
      writeFileSync(join(folder, name), script);
      chmodSync(join(folder, name), 0o755);
    }
  }
}

function writeProc(folder: string, files: Readonly<Record<string, string>>): void {
  mkdirSync(join(folder, "1"), { recursive: true });
  for (const [name, text] of Object.entries(files)) {
    writeFileSync(join(folder, name), text);
  }
}

/** The files of /proc that contain the start time of process 1 (proc_pid_stat(5)). */
function processOne(age: number): Record<string, string> {
  const ticks = Math.round((uptime - age) * 100);
  return {
    "1/stat": `1 (run.sh (or so)) S 0 1 1 0 -1 4194560 1 1 0 0 1 1 0 0 20 0 1 0 ${ticks} 4427776 811 18446744073709551615\n`,
    uptime: `${uptime}.25 ${uptime}.50\n`,
  };
}

function programOf(name: string): string | undefined {
  const found = ["/usr/bin", "/bin"].map((folder) => join(folder, name)).find(existsSync);
  // The container's root has no /etc/alternatives of its own, so links are resolved here.
  return found && realpathSync(found);
}

function run(program: string, args: readonly string[], timeout: number): Promise<ContainerResult> {
  return new Promise((resolve) => {
    execFile(
      program,
      [...args],
      { timeout: timeout * 1_000, killSignal: "SIGKILL" },
      (error, stdout, stderr) => {
        const { code, killed } = (error ?? {}) as { code?: unknown; killed?: boolean };
        resolve({
          code: error === null ? 0 : killed === true ? 124 : typeof code === "number" ? code : 127,
          output: `${stdout}${stderr}${typeof code === "string" ? (error?.message ?? "") : ""}`,
        });
      },
    );
  });
}
