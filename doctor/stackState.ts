import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { z } from "zod";
import { hasCode, UserError } from "../lib/errors.ts";

const run = promisify(execFile);

const resource = z.object({
  type: z.string(),
  inputs: z.record(z.string(), z.unknown()).default({}),
  outputs: z.record(z.string(), z.unknown()).default({}),
});

/** A resource in Pulumi's state. Secrets in it are ciphertext. */
export type StateResource = z.infer<typeof resource>;

const exported = z.object({
  deployment: z.object({ resources: z.array(resource).default([]) }).nullable(),
});

/**
 * The resources of a stack, from its state. Nothing is decrypted: the doctor needs no secret of the stack's, and so
 * neither its passphrase.
 *
 * @throws UserError when there is no such stack, or Pulumi does not run
 */
export async function readStackState(stack: string): Promise<readonly StateResource[]> {
  const { deployment } = exported.parse(JSON.parse(await exportStack(stack)));
  return deployment?.resources ?? [];
}

async function exportStack(stack: string): Promise<string> {
  try {
    const args = ["stack", "export", "-s", stack, "--non-interactive"];
    return (await run("pulumi", args, { maxBuffer: 64 * 1024 * 1024 })).stdout;
  } catch (error) {
    throw new UserError(explain(stack, error));
  }
}

function explain(stack: string, error: unknown): string {
  if (hasCode(error, "ENOENT")) {
    return "pulumi is not on PATH; install it: https://www.pulumi.com/docs/install";
  }
  const words = (error as { readonly stderr?: string }).stderr ?? String(error);
  const [line = words] = /(?<=error: ).*/.exec(words) ?? [];
  return line.includes("no stack named")
    ? `There is no stack ${stack}. Those that are there: pulumi stack ls`
    : `The state of stack ${stack} cannot be read: ${line.trim()}. Try: pulumi stack export -s ${stack}`;
}
