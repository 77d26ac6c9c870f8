import { spawn } from "node:child_process";
import { z } from "zod";
import { NoAnswer, requestTimeout } from "./deadline.ts";
import { hasCode, UserError } from "./errors.ts";
import { ownName } from "./stackFile.ts";
import { joined, shell, shellWord, verbatim, type ShellText } from "./shell.ts";
import { printable } from "./printable.ts";

/** The destination of Pulumi's output: only kept, or also written to a stream of this process. */
export type PulumiStream = "kept" | "stdout" | "stderr";

/** Pulumi's output. */
export interface PulumiOutput {
  readonly stdout: string;
  readonly stderr: string;
  /** Both, in their order of arrival. */
  readonly all: string;
}

/** Why a Pulumi command failed. */
export type PulumiFailure = "not on PATH" | PulumiOutput;

/**
 * How long a read-only Pulumi command may take, in milliseconds: several requests to its backend, and the time to load the
 * program.
 */
const readTimeout = 2 * requestTimeout;
/** How long a Pulumi command that runs the stack's program may take, in milliseconds. */
const runTimeout = 15 * 60_000;

/** How to run Pulumi. */
export interface PulumiOptions {
  /** The project's folder. Default: the working directory of this process. */
  readonly directory?: string | undefined;
  /** The text on standard input. Default: none. */
  readonly stdin?: string | undefined;
  /** Default: kept. */
  readonly stream?: PulumiStream | undefined;
  /** How long it may take, in milliseconds. Default: a minute for read-only commands, else a quarter of an hour. */
  readonly timeout?: number | undefined;
  /** The message for a failure, from the command that runs Pulumi. */
  readonly explain: (failure: PulumiFailure) => string;
}

/** A resource in a stack's state. Secrets in it are ciphertext. */
export type StackResource = z.infer<typeof resource>;

const resource = z.object({
  urn: z.string(),
  /** Missing where no provider manages the resource, as for a component. */
  id: z.string().optional(),
  type: z.string(),
  /** Whether it is replaced, and its deletion is pending. */
  delete: z.boolean().optional(),
  /** The value whose change replaces the resource. */
  replacementTrigger: z.unknown().optional(),
  inputs: z.record(z.string(), z.unknown()).default({}),
  outputs: z.record(z.string(), z.unknown()).default({}),
});

const exported = z.object({
  deployment: z.object({ resources: z.array(resource).default([]) }).nullable(),
});

/**
 * Runs Pulumi to its end, without prompts.
 *
 * @returns its standard output
 * @throws UserError when it fails, or is not installed
 */
export async function runPulumi(args: readonly string[], options: PulumiOptions): Promise<string> {
  const { status, ...output } = await start(args, options);
  if (status !== 0) {
    throw new UserError(options.explain(output));
  }
  return output.stdout;
}

/** The arguments of the Pulumi command that writes a stack's state to standard output. */
export function exportArguments(stack: string): readonly string[] {
  return ["stack", "export", "-s", stack];
}

/**
 * The resources of a stack, from its state. Nothing is decrypted, so no passphrase is needed.
 *
 * @returns undefined where the stack does not exist
 * @throws UserError when Pulumi fails otherwise, or is not installed
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
 * The message for a failure of Pulumi's backend whose own message does not name what fixes it.
 *
 * @param output Pulumi's output
 * @returns sentences with the command; undefined for any other failure
 */
export function backendFailure(output: string, stack: string): string | undefined {
  if (isBrokenCheckpoint(output)) {
    return (
      "The file with the stack's state, or the file .attrs beside it, is empty or truncated: a run was killed during the write, or the disk was full. " +
      "Do not create the stack again, which would replace its state with an empty one. If the disk is full, free some space first: df -h. " +
      `Then delete the attributes, which Pulumi does not need, and replace an incomplete state with its backup, which is one step older: ${repairCheckpoint(ownName(stack))}`
    );
  }
  return missingLogin(output);
}

/**
 * The message for a Pulumi that is not logged in; undefined for any other failure.
 *
 * @param output Pulumi's output
 */
export function missingLogin(output: string): string | undefined {
  // backend/backenderr, for commands without a terminal.
  return /PULUMI_ACCESS_TOKEN must be set for login|this command requires logging in/.test(output)
    ? "Pulumi is not logged in. Log in to Pulumi Cloud: pulumi login. Or, where the state is on this machine: pulumi login --local"
    : undefined;
}

/**
 * Whether Pulumi could not read the file with a stack's state: a run was killed while it wrote the file of a file backend,
 * or the disk was full. The same for the file of its attributes, which gocloud.dev writes first, in place
 * (blob/fileblob/attrs.go, `setAttrs`).
 *
 * @param output Pulumi's output
 */
export function isBrokenCheckpoint(output: string): boolean {
  // For empty and truncated attributes, for a state that is empty or ends too early, and for one whose end the disk lost
  // (encoding/json; zstd).
  return /failed to load checkpoint: .*(?:\bEOF\b|unexpected end of JSON input|invalid character '\\x00'|corrupt stream)/.test(
    output,
  );
}

/**
 * The command that replaces a stack's incomplete state file with its backup, which has the state one step earlier, and
 * deletes its attributes, which Pulumi does not need and writes again. It changes no state if Node does not run, or if the
 * backup is incomplete. A file backend's address may have options after a question mark, and its files may be compressed
 * (https://www.pulumi.com/docs/iac/concepts/state-and-backends/#using-a-self-managed-backend; backend/diy/state.go, `stackPath`).
 */
export function repairCheckpoint(name: string): ShellText {
  const url = shell`pulumi whoami --json | sed -n 's|.*"url": "file://\\([^?"]*\\).*|\\1|p' | sed "s|^~|$HOME|"`;
  const attributes = shell`-name ${`${name}.json*.attrs`} -exec rm {} \\;`;
  // Another project may have a stack of this name, whose state is complete.
  const states = shell`'(' -name ${name}.json -o -name ${name}.json.gz -o -name ${name}.json.zst ')'`;
  const restore = shell`node -e 'const [, file] = process.argv, copy = file + ".bak"; const check = (path) => { const text = fs.readFileSync(path); JSON.parse(file.endsWith(".gz") ? zlib.gunzipSync(text) : file.endsWith(".zst") ? zlib.zstdDecompressSync(text) : text) }; try { check(file) } catch { try { check(copy); fs.copyFileSync(copy, file) } catch (error) { console.error(copy + ": " + error.message) } }' {} \\;`;
  // The slash at the end follows a symbolic link.
  return shell`find "$(${verbatim(url)})/.pulumi/stacks/" ${verbatim(attributes)} -o ${verbatim(states)} -exec ${verbatim(restore)}`;
}

/**
 * All lines of Pulumi's messages after each `error:`, without its other output. The lines of one error keep their relative
 * indentation; an error that Pulumi prints twice is returned once.
 */
export function errorLines(output: string): readonly string[] {
  const found: string[][] = [];
  let current: { readonly lines: string[]; readonly indentation: number } | undefined;
  for (const line of output.split(/\r?\n/)) {
    const [, before = "", message] = /^(.*?)(error: .*)$/.exec(line) ?? [];
    if (message !== undefined && /^\s*$/.test(before)) {
      current = { lines: [message.trimEnd()], indentation: before.length };
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

/** Pulumi's error messages as one line, for a sentence; its whole output where there is none. */
export function errorReason(output: string): string {
  const reason = errorLines(output)
    .join(" ")
    .replace(/^error: /, "");
  return (reason || output).trim();
}

/** Whether a line of Pulumi's output does not belong to an error: a section, a resource, another kind of message. */
function isOther(line: string): boolean {
  return /^(\s*(warning|info|debug): |(Diagnostics|Outputs|Permalink|Policies|Resources|Duration|View)\b| *\S+:\S+ \(.*\):$| *@ |\s*[+~-]{1,2} +\S+:)/.test(
    line,
  );
}

/** The setting with a stack's kubeconfig for the Kubernetes plugin, by path or content. */
export const kubeconfigSetting = "kubernetes:kubeconfig";

/** Prompts for the passphrase, which would otherwise stay in the shell's history. */
const askForPassphrase = shell`read -rs PULUMI_CONFIG_PASSPHRASE && export PULUMI_CONFIG_PASSPHRASE`;

/**
 * The stack's own encrypted kubeconfig, which Pulumi decrypts with the stack's passphrase.
 *
 * @param without the alternative without the passphrase, for the message
 * @throws UserError when Pulumi cannot decrypt it
 */
export async function encryptedKubeconfig(
  stack: string,
  directory: string,
  without: string,
): Promise<string> {
  const args = ["config", "get", "-s", stack, kubeconfigSetting];
  const explain = (failure: PulumiFailure) => {
    const output = failure === "not on PATH" ? "pulumi is not on PATH" : failure.stderr;
    const known = backendFailure(output, stack);
    if (known !== undefined) {
      return known;
    }
    return `The kubeconfig of stack ${stack} is encrypted, and Pulumi cannot decrypt it (${errorReason(output)}). To enter the stack's passphrase: ${askForPassphrase} ${without}`;
  };
  const text = await runPulumi(args, { directory, explain });
  return text.replace(/\n$/, "");
}

/** Colours are control characters, which would be printed as escapes. */
const uncoloured = ["--color", "never"];

/** Read-only commands, by their first words. */
const reading = /^(?:stack (?:export|ls)|config get|whoami)\b/;

/** How long Pulumi has to cancel its operation, in milliseconds: otherwise it leaves the stack locked. */
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
      // Its child processes may keep them open for longer.
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
      late = new UserError(`Pulumi gives ${message}. To see what Pulumi waits for: ${command}`);
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
    // A process that does not read its input may end before the write.
    child.stdin.on("error", () => undefined).end(stdin);
  });
}

function spawnPulumi(args: readonly string[], directory: string | undefined) {
  try {
    return spawn("pulumi", args, { cwd: directory, stdio: ["pipe", "pipe", "pipe"] });
  } catch (error) {
    // Node's error for too long arguments does not name the program.
    throw error instanceof Error ? Object.assign(error, { path: "pulumi" }) : error;
  }
}
