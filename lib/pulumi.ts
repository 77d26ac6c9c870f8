import { spawn } from "node:child_process";
import { z } from "zod";
import { hasCode, UserError } from "./errors.ts";
import { shell, verbatim, type ShellText } from "./shell.ts";
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

/** How to run Pulumi. */
export interface PulumiOptions {
  /** The project's folder. Default: this process's. */
  readonly directory?: string | undefined;
  /** What it reads from standard input. Default: nothing. */
  readonly stdin?: string | undefined;
  /** Default: kept. */
  readonly stream?: PulumiStream | undefined;
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
 * What to do where Pulumi cannot read a stack's state because it is empty: a run was killed while it wrote the file of a
 * file backend. `pulumi cancel` does not help then, and the copy beside it does, which is the state one step earlier.
 *
 * @param output what Pulumi wrote
 * @returns a sentence with the command; undefined where that is not what is wrong
 */
export function emptyCheckpoint(output: string, stack: string): string | undefined {
  if (!output.includes("unexpected end of JSON input")) {
    return undefined;
  }
  const name = stack.split("/").at(-1) ?? stack;
  return `The file with the stack's state is empty: a run was killed while it wrote it. Put the copy beside it in its place: ${restoreCheckpoint(name)}`;
}

/** The command that puts the copy of a stack's state in its place, where the state is empty. */
export function restoreCheckpoint(name: string): ShellText {
  const url = shell`pulumi whoami --json | sed -n 's|.*"url": "file://\\(.*\\)".*|\\1|p' | sed "s|^~|$HOME|"`;
  return shell`find "$(${verbatim(url)})/.pulumi/stacks" -name ${name}.json -empty -exec cp {}.bak {} \\;`;
}

/** What a stack gives the Kubernetes plugin as its kubeconfig, by path or content. */
export const kubeconfigSetting = "kubernetes:kubeconfig";

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
    const [line = said] = /(?<=error: ).*/.exec(said) ?? [];
    return `The kubeconfig of stack ${stack} is encrypted, and Pulumi does not tell it (${line.trim()}). With its passphrase it does: export PULUMI_CONFIG_PASSPHRASE=… ${without}`;
  };
  const text = await runPulumi(args, { directory, explain });
  return text.replace(/\n$/, "");
}

/** Colours are control characters, which would be shown as such. */
const uncoloured = ["--color", "never"];

function start(
  args: readonly string[],
  { directory, stdin = "", stream = "kept", explain }: PulumiOptions,
): Promise<PulumiOutput & { readonly status: number | null }> {
  return new Promise((done, failed) => {
    const child = spawn(
      "pulumi",
      [...args, "--non-interactive", ...(stream === "kept" ? [] : uncoloured)],
      {
        cwd: directory,
        stdio: ["pipe", "pipe", "pipe"],
      },
    );
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
      failed(hasCode(error, "ENOENT") ? new UserError(explain("not on PATH")) : error);
    });
    child.on("close", (status) => {
      done({ status, ...written });
    });
    // Who does not read its input may be gone before it is written.
    child.stdin.on("error", () => undefined).end(stdin);
  });
}
