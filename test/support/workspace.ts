import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import {
  cpSync,
  globSync,
  mkdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join, resolve } from "node:path";
import { parse, stringify } from "yaml";
import { readProject } from "../../lib/stackFile.ts";
import type { Sandbox } from "../../sandbox/cluster/sandbox.ts";
import { UserError } from "../../lib/errors.ts";
import { isBrokenCheckpoint, repairCheckpoint } from "../../lib/pulumi.ts";
import { waitFor } from "../../sandbox/processes/wait.ts";
import { withVariables } from "../../sandbox/pulumi/environment.ts";

/** The result of a command. */
export interface CommandResult {
  readonly status: number | null;
  /** Its output, stdout and stderr in their original order. */
  readonly output: string;
  readonly stdout: string;
  readonly stderr: string;
}

/** Settings of a stack, by name, including objects and lists. Undefined removes a setting of the local stack. */
export type StackSettings = Readonly<Record<string, unknown>>;

const skipPreview = "--skip-preview";

/** Pulumi reads YAML 1.1, where an unquoted time is not a string. */
const yaml = { version: "1.1" } as const;

const parts = ["Pulumi.yaml", "package.json", ...globSync("*.ts")];
const folders = [
  "adopt",
  "chart",
  "components",
  "config",
  "dns",
  "docs",
  "lib",
  "stacks",
  "startup",
];

/** A copy of the program in a folder of its own, like a second checkout, with one stack. */
export class Workspace {
  readonly directory: string;
  readonly stack: string;
  private readonly name: string;
  private readonly sandbox: Sandbox;

  private constructor(sandbox: Sandbox, name: string, stack: string) {
    this.sandbox = sandbox;
    this.name = name;
    this.stack = stack;
    this.directory = join(sandbox.directory, "work", folderOf(name));
  }

  /**
   * @param sandbox the sandbox of its commands
   * @param name its name among the workspaces
   * @param stack the stack, created from the settings of stack `local`
   * @param settings the differences from these settings
   * @param write writes the program to the folder. Default: a copy of the project's
   */
  static async create(
    sandbox: Sandbox,
    name: string,
    stack: string,
    settings: StackSettings,
    write: (directory: string) => void = copyProgram,
  ): Promise<Workspace> {
    const workspace = new Workspace(sandbox, name, stack);
    write(workspace.directory);
    workspace.configure(settings);
    await workspace.succeed("stack", "select", "--create", stack);
    return workspace;
  }

  /**
   * A folder with another program, and one stack in it.
   *
   * @param sandbox the sandbox of its commands
   * @param name of the workspace and of the stack
   * @param write writes the program to the folder
   */
  static async ofProgram(
    sandbox: Sandbox,
    name: string,
    write: (directory: string) => void,
  ): Promise<Workspace> {
    const workspace = new Workspace(sandbox, name, name);
    write(workspace.directory);
    await workspace.succeed("stack", "select", "--create", name);
    return workspace;
  }

  /** The project's program with the stacks that have a file in it; no stack is in the backend. */
  static ofProject(sandbox: Sandbox, name: string, stack: string): Workspace {
    const workspace = new Workspace(sandbox, name, stack);
    copyProgram(workspace.directory);
    return workspace;
  }

  /** An empty folder, where a test creates the project and the stack. */
  static empty(sandbox: Sandbox, name: string, stack: string): Workspace {
    const workspace = new Workspace(sandbox, name, stack);
    rmSync(workspace.directory, { recursive: true, force: true });
    mkdirSync(workspace.directory, { recursive: true });
    return workspace;
  }

  /** The same stack from another folder. */
  copy(name: string): Workspace {
    const copy = new Workspace(this.sandbox, name, this.stack);
    copyProgram(copy.directory);
    cpSync(this.stackFile, copy.stackFile);
    return copy;
  }

  /** Replaces the program in the folder with the project's; the stack's settings are kept. */
  takeProgram(): void {
    const settings = readFileSync(this.stackFile);
    copyProgram(this.directory);
    writeFileSync(this.stackFile, settings);
  }

  /** The same folder and stack, with additional variables for commands. */
  withEnvironment(variables: NodeJS.ProcessEnv): Workspace {
    const environment = withVariables(this.sandbox.environment, variables);
    return new Workspace({ ...this.sandbox, environment }, this.name, this.stack);
  }

  /** Writes the stack's settings again: those of stack `local` with these differences. */
  configure(settings: StackSettings): void {
    const local = parse(readFileSync(join(this.directory, "stacks/Pulumi.local.yaml"), "utf8")) as {
      readonly config: Readonly<Record<string, unknown>>;
      readonly encryptionsalt: string;
    };
    // The file of an earlier release has the full keys.
    const prefix = `${readProject(this.directory).name}:`;
    const short = Object.entries(local.config).map(([key, value]) => [
      key.startsWith(prefix) ? key.slice(prefix.length) : key,
      value,
    ]);
    const config = { ...(Object.fromEntries(short) as StackSettings), ...settings };
    writeFileSync(this.stackFile, stringify({ ...local, config }, yaml));
  }

  /** Restores a folder of the program from the project. */
  restore(folder: string): void {
    rmSync(join(this.directory, folder), { recursive: true, force: true });
    cpSync(folder, join(this.directory, folder), { recursive: true });
  }

  /** Changes one place in the workspace's copy of the program; fails unless the text occurs exactly once. */
  edit(file: string, before: string, after: string): void {
    const path = join(this.directory, file);
    const [head, tail, ...others] = readFileSync(path, "utf8").split(before);
    if (head === undefined || tail === undefined || others.length > 0) {
      throw new Error(`${file} does not have ${before} once`);
    }
    writeFileSync(path, head + after + tail);
  }

  /** Runs `pulumi` as a user would, in the workspace's folder. */
  async pulumi(...args: readonly string[]): Promise<CommandResult> {
    return run("pulumi", ["--non-interactive", ...args], {
      cwd: this.directory,
      env: this.environment,
    });
  }

  /** Runs a command as a user pastes it into a shell. */
  async shell(command: string): Promise<CommandResult> {
    return run("sh", ["-c", command], { cwd: this.directory, env: this.environment });
  }

  /** Runs `pulumi` and expects it to succeed. */
  async succeed(...args: readonly string[]): Promise<CommandResult> {
    const result = await this.pulumi(...args);
    if (result.status !== 0) {
      throw new Error(`pulumi ${args.join(" ")} failed (${result.status}):\n${result.output}`);
    }
    return result;
  }

  /**
   * Starts `pulumi up` and kills the engine as soon as a condition holds.
   *
   * @param condition checked until it holds, for up to two minutes
   */
  upKilledWhen(condition: () => Promise<boolean>, ...args: readonly string[]): Promise<void> {
    return this.upEndedWhen(condition, "engine", args);
  }

  /** Also kills all processes that the engine has started, as when the machine fails. */
  upCutOffWhen(condition: () => Promise<boolean>, ...args: readonly string[]): Promise<void> {
    return this.upEndedWhen(condition, "all", args);
  }

  private async upEndedWhen(
    condition: () => Promise<boolean>,
    victim: "engine" | "all",
    args: readonly string[],
  ): Promise<void> {
    const command = ["up", "-s", this.stack, "--yes", skipPreview, "--non-interactive", ...args];
    const child = spawn("pulumi", command, {
      cwd: this.directory,
      env: this.environment,
      stdio: "ignore",
    });
    const ended = once(child, "exit");
    const moment = { what: "the moment to kill pulumi", timeout: 120_000, interval: 40 };
    const isRunning = () => {
      if (child.exitCode !== null) {
        throw new UserError("pulumi ended before it could be killed");
      }
    };
    try {
      await waitFor(() => {
        isRunning();
        return condition();
      }, moment);
      isRunning();
    } finally {
      const others = victim === "all" && child.exitCode === null ? descendants(child.pid) : [];
      child.kill("SIGKILL");
      others.forEach(killIfRunning);
      await ended;
    }
    // The lock outlives the killed process, and `pulumi cancel` fails where the attributes of the state are incomplete.
    const { status, output } = await this.pulumi("cancel", this.stack, "--yes");
    if (status !== 0 && isBrokenCheckpoint(output)) {
      assert.equal((await this.shell(repairCheckpoint(this.stack))).output, "");
      await this.succeed("cancel", this.stack, "--yes");
    } else {
      assert.equal(status, 0, output);
    }
  }

  /** Changes the stack's state. */
  async editState(edit: (state: string) => string): Promise<void> {
    const file = join(this.directory, "state.json");
    await this.succeed("stack", "export", "-s", this.stack, "--file", file);
    writeFileSync(file, edit(readFileSync(file, "utf8")));
    await this.succeed("stack", "import", "-s", this.stack, "--file", file);
  }

  /**
   * Runs `pulumi up` without a preview, which starts the program and the plugins once more and so doubles the time.
   * A test of the output or the refusals of the preview runs `pulumi up` itself.
   */
  up(...args: readonly string[]): Promise<CommandResult> {
    return this.succeed("up", "-s", this.stack, "--yes", skipPreview, ...args);
  }

  /** Destroys the stack's resources, without a preview like {@link up}. The delete hooks are the program's. */
  destroy(): Promise<CommandResult> {
    return this.succeed("destroy", "-s", this.stack, "--yes", skipPreview, "--run-program");
  }

  /** The stack's outputs. */
  async outputs(): Promise<Record<string, unknown>> {
    const { stdout } = await this.succeed("stack", "output", "-s", this.stack, "--json");
    return JSON.parse(stdout) as Record<string, unknown>;
  }

  /** The environment of its commands. */
  get environment(): NodeJS.ProcessEnv {
    // The debug commands include --event-log.
    return { ...this.sandbox.environment, NO_COLOR: "1", PULUMI_DEBUG_COMMANDS: "true" };
  }

  private get stackFile(): string {
    return join(this.directory, `stacks/Pulumi.${this.stack}.yaml`);
  }
}

const workspaceNames: string[] = [];

/**
 * The folder of a workspace: its number in this process. Node caches compiled code by path, which is then the same
 * in many test files.
 */
function folderOf(name: string): string {
  if (!workspaceNames.includes(name)) {
    workspaceNames.push(name);
  }
  return String(workspaceNames.indexOf(name));
}

function copyProgram(directory: string): void {
  rmSync(directory, { recursive: true, force: true });
  mkdirSync(directory, { recursive: true });
  for (const name of [...parts, ...folders]) {
    cpSync(name, join(directory, name), { recursive: true });
  }
  cpSync(chartUnderTest(), join(directory, ".sandbox/chart/provider"), { recursive: true });
  symlinkSync(resolve("node_modules"), join(directory, "node_modules"));
}

/** The chart that the end-to-end tests deploy: the chart in `AKASH_CHART`, else the stand-in. */
export function chartUnderTest(): string {
  return process.env.AKASH_CHART ?? "sandbox/chart/provider";
}

/** All descendant processes. The plugins have process groups of their own. */
function descendants(pid: number | undefined): readonly number[] {
  const { stdout } = spawnSync("ps", ["-A", "-o", "ppid=,pid="], { encoding: "utf8" });
  const processes = stdout
    .trim()
    .split("\n")
    .map((line) => line.trim().split(/\s+/).map(Number));
  const childrenOf = (parent: number | undefined): readonly number[] =>
    processes
      .filter(([ppid]) => ppid === parent)
      .flatMap(([, child]) => (child === undefined ? [] : [child, ...childrenOf(child)]));
  return childrenOf(pid);
}

function killIfRunning(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    // The process has ended in the meantime.
  }
}

function run(
  command: string,
  args: readonly string[],
  options: { readonly cwd: string; readonly env: NodeJS.ProcessEnv },
): Promise<CommandResult> {
  return new Promise((done, failed) => {
    const child = spawn(command, args, { ...options, stdio: ["ignore", "pipe", "pipe"] });
    let output = "";
    let stdout = "";
    let stderr = "";
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      output += text;
      stdout += text;
    });
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      output += text;
      stderr += text;
    });
    child.on("error", failed);
    child.on("close", (status) => {
      done({ status, output, stdout, stderr });
    });
  });
}
