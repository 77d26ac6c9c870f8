import { PulumiCommand } from "@pulumi/pulumi/automation/cmd.js";
import type { EngineEvent } from "@pulumi/pulumi/automation/events.js";
import { LocalWorkspace } from "@pulumi/pulumi/automation/localWorkspace.js";
import { Stack } from "@pulumi/pulumi/automation/stack.js";
import { z } from "zod";
import { messageOf, UserError } from "../lib/errors.ts";
import type { ProcessIdentity } from "../lib/processIdentity.ts";
import { runPulumi, type PulumiFailure } from "../lib/pulumi.ts";
import { listFailure } from "./failure.ts";
import { lastingPulumi } from "./pulumiProcess.ts";

/** The arguments of {@link openStack}. */
export interface StackPlace {
  /** The Pulumi to run, from {@link findPulumi}. */
  readonly pulumi: PulumiCommand;
  /** The project's folder. */
  readonly directory: string;
  readonly stack: string;
  /** The file for Pulumi's output. */
  readonly log: string;
  /** Called with the process of each run of the stack's program. */
  readonly began: (process: ProcessIdentity) => void;
}

/** The options of a run of the stack's program. */
export interface RunOptions {
  /** Folders of policy packs. */
  readonly policyPacks: readonly string[];
  /** Patterns of the resources to replace. Default: none. */
  readonly replace?: readonly string[];
  readonly onEvent: (event: EngineEvent) => void;
  /** Interrupts the run. */
  readonly signal: AbortSignal;
}

/** A stack of the project, through Pulumi's Automation API. */
export interface FleetStack {
  /** Creates the stack in the backend; its file in the project stays unchanged. */
  readonly create: () => Promise<void>;
  /** The planned changes. @throws PulumiFailed */
  readonly preview: (options: RunOptions) => Promise<Changes>;
  /** The completed changes. @throws PulumiFailed */
  readonly up: (options: RunOptions) => Promise<Changes>;
  /** The stack's outputs, without the secret ones. */
  readonly outputs: () => Promise<Readonly<Record<string, unknown>>>;
  /** Removes the lock of a killed run. */
  readonly cancel: () => Promise<void>;
}

/** Numbers of resources by operation. */
export type Changes = Readonly<Record<string, number | undefined>>;

/**
 * The Pulumi on PATH.
 *
 * @throws UserError where it is missing, or the SDK does not support its version
 */
export async function findPulumi(): Promise<PulumiCommand> {
  try {
    return await PulumiCommand.get();
  } catch (error) {
    const message = messageOf(error);
    throw new UserError(
      message.includes("ENOENT")
        ? "pulumi is not on PATH; install it: https://www.pulumi.com/docs/install"
        : `The pulumi on PATH cannot be used: ${message.trim()} To install a newer one: curl -fsSL https://get.pulumi.com | sh`,
      { cause: error },
    );
  }
}

/**
 * The names of the project's stacks in the backend.
 *
 * @throws UserError where Pulumi cannot list them
 */
export async function stacksInBackend(directory: string): Promise<ReadonlySet<string>> {
  const explain = (failure: PulumiFailure) =>
    listFailure(failure === "not on PATH" ? "pulumi is not on PATH" : failure.stderr);
  const output = await runPulumi(["stack", "ls", "--json"], { directory, explain });
  const stacks = z.array(z.object({ name: z.string() })).parse(JSON.parse(output));
  return new Set(stacks.map(({ name }) => name.split("/").at(-1) ?? name));
}

/**
 * Opens a stack, which may not exist in the backend yet.
 *
 * The settings functions of the API are not used, since they read and write beside Pulumi.yaml and ignore its
 * `stackConfigDir` (https://github.com/pulumi/pulumi/issues/10305): the CLI reads the stack's settings from its file.
 */
export async function openStack(place: StackPlace): Promise<FleetStack> {
  const { pulumi, directory, stack, log, began } = place;
  const command = lastingPulumi(pulumi, log, began);
  const workspace = await LocalWorkspace.create({ workDir: directory, pulumiCommand: command });
  // `pulumi stack select` would change the stack of the operator's own commands. Each command names its stack.
  workspace.selectStack = () => Promise.resolve();
  // The SDK also requests the secret outputs in plain text.
  workspace.stackOutputs = () => Promise.resolve({});
  const api = await Stack.select(stack, workspace);
  const own = (...args: readonly string[]) =>
    (command as unknown as CliRunner).run([...args, "--stack", stack], directory, {});
  const common = ({ policyPacks, replace, onEvent, signal }: RunOptions) => ({
    color: "never" as const,
    policyPacks: [...policyPacks],
    ...(replace !== undefined && { replace: [...replace] }),
    onEvent,
    signal,
  });
  return {
    create: async () => {
      await own("stack", "init", "--no-select");
    },
    preview: async (options) => (await api.preview(common(options))).changeSummary,
    up: async (options) => {
      const { summary } = await api.up({ ...common(options), showSecrets: false });
      return summary.resourceChanges ?? {};
    },
    outputs: async () => {
      const { stdout } = await own("stack", "output", "--json");
      return JSON.parse(stdout) as Readonly<Record<string, unknown>>;
    },
    cancel: async () => {
      await own("cancel", "--yes");
    },
  };
}

interface CliRunner {
  readonly run: (
    args: readonly string[],
    directory: string,
    environment: Readonly<Record<string, string>>,
  ) => Promise<{ readonly stdout: string }>;
}
