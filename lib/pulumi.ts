import { spawn } from "node:child_process";
import { z } from "zod";
import { NoAnswer, requestTimeout } from "./deadline.ts";
import { hasCode, UserError } from "./errors.ts";
import { ownName } from "./stackFile.ts";
import { joined, shell, shellWord, verbatim, type ShellText } from "./shell.ts";
import { printable } from "./printable.ts";

/** Where what Pulumi writes goes: it is kept only, or to a stream of this process as well. */
export type PulumiStream = "kept" | "stdout" | "stderr";

/** What Pulumi has written. */
export interface PulumiOutput {
  readonly stdout: string;
  readonly stderr: string;
  /** Both, in the order in which they came. */
  readonly all: string;
}

/** Why a command of Pulumi's did not do its work. */
export type PulumiFailure = "not on PATH" | PulumiOutput;

/**
 * How long Pulumi may take that only reads, in milliseconds: several requests to its backend, and a program that has to be
 * loaded.
 */
const readTimeout = 2 * requestTimeout;
/** How long Pulumi may take that runs the stack's program, in milliseconds. */
const runTimeout = 15 * 60_000;

/** How to run Pulumi. */
export interface PulumiOptions {
  /** The project's folder. Default: this process's. */
  readonly directory?: string | undefined;
  /** What it reads from standard input. Default: nothing. */
  readonly stdin?: string | undefined;
  /** Default: kept. */
  readonly stream?: PulumiStream | undefined;
  /** How long it may take, in milliseconds. Default: a minute for what only reads, else a quarter of an hour. */
  readonly timeout?: number | undefined;
  /** A failure in the words of the command that ran Pulumi. */
  readonly explain: (failure: PulumiFailure) => string;
}

/** A resource in a stack's state. Secrets in it are ciphertext. */
export type StackResource = z.infer<typeof resource>;

const resource = z.object({
  urn: z.string(),
  /** None for what is no resource of a provider's, such as a component. */
  id: z.string().optional(),
  type: z.string(),
  /** Whether it has been replaced, and is only still to be deleted. */
  delete: z.boolean().optional(),
  /** What replaces it when it changes. */
  replacementTrigger: z.unknown().optional(),
  inputs: z.record(z.string(), z.unknown()).default({}),
  outputs: z.record(z.string(), z.unknown()).default({}),
});

const exported = z.object({
  deployment: z.object({ resources: z.array(resource).default([]) }).nullable(),
});

/**
 * Runs Pulumi to its end; it asks nothing.
 *
 * @returns what it wrote to standard output
 * @throws UserError when it fails, or there is none
 */
export async function runPulumi(args: readonly string[], options: PulumiOptions): Promise<string> {
  const { status, ...output } = await start(args, options);
  if (status !== 0) {
    throw new UserError(options.explain(output));
  }
  return output.stdout;
}

/** The arguments with which Pulumi writes a stack's state to standard output. */
export function exportArguments(stack: string): readonly string[] {
  return ["stack", "export", "-s", stack];
}

/**
 * The resources of a stack, from its state. Nothing is decrypted, so that it takes no passphrase.
 *
 * @returns undefined where there is no such stack
 * @throws UserError when Pulumi fails otherwise, or there is none
 */
export async function stackResources(
  stack: string,
  options: PulumiOptions,
): Promise<readonly StackResource[] | undefined> {
  const { status, ...output } = await start(exportArguments(stack), options);
  if (status === 0) {
    return exported.parse(JSON.parse(output.stdout)).deployment?.resources ?? [];
  }
  if (output.all.includes("no stack named")) {
    return undefined;
  }
  throw new UserError(options.explain(output));
}

/**
 * What to do where Pulumi cannot read a stack's state because its file is cut off: a run was killed while it wrote the file
 * of a file backend, or the disk was full. `pulumi cancel` does not help then, and the copy beside it does, which is the
 * state one step earlier.
 *
 * @param output what Pulumi wrote
 * @returns sentences with the command; undefined where that is not what is wrong
 */
export function brokenCheckpoint(output: string, stack: string): string | undefined {
  // Of a file that ends too early, and of one whose end the disk has lost (encoding/json).
  if (!/unexpected end of JSON input|unexpected EOF|invalid character '\\x00'/.test(output)) {
    return undefined;
  }
  const name = ownName(stack);
  return (
    "The file with the stack's state is empty or cut off: a run was killed while it wrote it, or the disk was full. " +
    `Where it is full, make room first: df -h. Then put the copy beside it in its place: ${restoreCheckpoint(name)}`
  );
}

/**
 * The command that puts the copy of a stack's state in its place, where the state is not whole. A file backend's address may
 * have options after a question mark, and its files may be compressed
 * (https://www.pulumi.com/docs/iac/concepts/state-and-backends/#using-a-self-managed-backend).
 */
export function restoreCheckpoint(name: string): ShellText {
  const url = shell`pulumi whoami --json | sed -n 's|.*"url": "file://\\([^?"]*\\).*|\\1|p' | sed "s|^~|$HOME|"`;
  // A project of another name may have a stack of this one, whose state is whole.
  const isWhole = shell`node -e 'try { const [, file] = process.argv, text = fs.readFileSync(file); JSON.parse(file.endsWith(".gz") ? zlib.gunzipSync(text) : text) } catch { process.exit(1) }' {} \\;`;
  return shell`find "$(${verbatim(url)})/.pulumi/stacks" '(' -name ${name}.json -o -name ${name}.json.gz ')' ! -exec ${verbatim(isWhole)} -exec cp {}.bak {} \\;`;
}

/**
 * What Pulumi says after each `error:`, all lines of it, without what it says besides. The lines of one error keep their
 * indentation to each other; an error that Pulumi tells twice is told once.
 */
export function errorLines(output: string): readonly string[] {
  const found: string[][] = [];
  let current: { readonly lines: string[]; readonly indentation: number } | undefined;
  for (const line of output.split(/\r?\n/)) {
    const [, before = "", said] = /^(.*?)(error: .*)$/.exec(line) ?? [];
    if (said !== undefined && /^\s*$/.test(before)) {
      current = { lines: [said.trimEnd()], indentation: before.length };
      found.push(current.lines);
    } else if (isOther(line)) {
      current = undefined;
    } else if (line.trim() !== "") {
      const { indentation = 0 } = current ?? {};
      const own = line.slice(Math.min(indentation, line.length - line.trimStart().length));
      current?.lines.push(own.trimEnd());
    }
  }
  const texts = found.map((lines) => lines.join("\n"));
  return texts
    .filter((text, index) => texts.indexOf(text) === index)
    .flatMap((text) => text.split("\n"));
}

/** Whether a line of Pulumi's belongs to something other than an error: a section, a resource, another kind of message. */
function isOther(line: string): boolean {
  return /^(\s*(warning|info|debug): |(Diagnostics|Outputs|Permalink|Policies|Resources|Duration|View)\b| *\S+:\S+ \(.*\):$| *@ |\s*[+~-]{1,2} +\S+:)/.test(
    line,
  );
}

/** What a stack gives the Kubernetes plugin as its kubeconfig, by path or content. */
export const kubeconfigSetting = "kubernetes:kubeconfig";

/** Asks for the passphrase, which would stay in the shell's history otherwise. */
const askForPassphrase = shell`read -rs PULUMI_CONFIG_PASSPHRASE && export PULUMI_CONFIG_PASSPHRASE`;

/**
 * The stack's own kubeconfig where it is encrypted, as Pulumi tells it, which takes the stack's passphrase.
 *
 * @param without what helps without the passphrase
 * @throws UserError when Pulumi does not tell it
 */
export async function encryptedKubeconfig(
  stack: string,
  directory: string,
  without: string,
): Promise<string> {
  const args = ["config", "get", "-s", stack, kubeconfigSetting];
  const explain = (failure: PulumiFailure) => {
    const said = failure === "not on PATH" ? "pulumi is not on PATH" : failure.stderr;
    const reason =
      errorLines(said)
        .join(" ")
        .replace(/^error: /, "") || said.trim();
    return `The kubeconfig of stack ${stack} is encrypted, and Pulumi does not tell it (${reason}). With its passphrase it does: ${askForPassphrase} ${without}`;
  };
  const text = await runPulumi(args, { directory, explain });
  return text.replace(/\n$/, "");
}

/** Colours are control characters, which would be shown as such. */
const uncoloured = ["--color", "never"];

/** Commands that only read, by their first words. */
const reading = /^(?:stack (?:export|ls)|config get|whoami)\b/;

/** How long Pulumi has to cancel what it is at, in milliseconds: it leaves the stack locked otherwise. */
const grace = 10_000;

function start(
  args: readonly string[],
  { directory, stdin = "", stream = "kept", timeout, explain }: PulumiOptions,
): Promise<PulumiOutput & { readonly status: number | null }> {
  const onlyReads = reading.test(args.join(" "));
  const patience = timeout ?? (onlyReads ? readTimeout : runTimeout);
  return new Promise((done, failed) => {
    const child = spawnPulumi(
      [...args, "--non-interactive", ...(stream === "kept" ? [] : uncoloured)],
      directory,
    );
    const end = () => {
      child.kill("SIGKILL");
      // What it has started may hold them open for longer.
      child.stdout.destroy();
      child.stderr.destroy();
    };
    const timers: NodeJS.Timeout[] = [];
    const after = (milliseconds: number, act: () => void) => {
      timers.push(setTimeout(act, milliseconds));
    };
    let late: UserError | undefined;
    after(patience, () => {
      const { message } = new NoAnswer(patience);
      const command = joined(
        [shell`pulumi`, ...args.map(shellWord), shell`-v=5 --logtostderr`],
        " ",
      );
      late = new UserError(`Pulumi gives ${message}. What it waits for: ${command}`);
      if (onlyReads) {
        end();
      } else {
        child.kill("SIGINT");
        after(grace, end);
      }
    });
    const written = { stdout: "", stderr: "", all: "" };
    for (const source of ["stdout", "stderr"] as const) {
      child[source].setEncoding("utf8").on("data", (text: string) => {
        written[source] += text;
        written.all += text;
        if (stream !== "kept") {
          process[stream].write(printable(text));
        }
      });
    }
    child.on("error", (error) => {
      timers.forEach(clearTimeout);
      failed(hasCode(error, "ENOENT") ? new UserError(explain("not on PATH")) : error);
    });
    child.on("close", (status) => {
      timers.forEach(clearTimeout);
      if (late === undefined) {
        done({ status, ...written });
      } else {
        failed(late);
      }
    });
    // Who does not read its input may be gone before it is written.
    child.stdin.on("error", () => undefined).end(stdin);
  });
}

function spawnPulumi(args: readonly string[], directory: string | undefined) {
  try {
    return spawn("pulumi", args, { cwd: directory, stdio: ["pipe", "pipe", "pipe"] });
  } catch (error) {
    // Node names no program where the arguments are too long.
    throw error instanceof Error ? Object.assign(error, { path: "pulumi" }) : error;
  }
}
