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
import { waitFor } from "../../sandbox/processes/wait.ts";
import { withVariables } from "../../sandbox/pulumi/environment.ts";

/** What a command left. */
export interface CommandResult {
  readonly status: number | null;
  /** What it wrote, stdout and stderr in the order in which it came. */
  readonly output: string;
  readonly stdout: string;
  readonly stderr: string;
}

/** Settings of a stack, by name; objects and lists as they are. Undefined leaves one of the local stack's out. */
export type StackSettings = Readonly<Record<string, unknown>>;

const skipPreview = "--skip-preview";

/** Pulumi reads YAML 1.1, where a moment that is not quoted is no text. */
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

/** A copy of the program in a folder of its own, as a second checkout would be, with one stack in it. */
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
   * @param sandbox where its commands run
   * @param name what it is called among the workspaces
   * @param stack the stack, made from the settings of stack `local`
   * @param settings what differs from them
   * @param write makes the program in the folder. Default: a copy of the project's
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
   * @param sandbox where its commands run
   * @param name of the workspace and of the stack
   * @param write makes the program in the folder
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

  /** The project's program with the stacks that have a file in it; none of them is in the backend. */
  static ofProject(sandbox: Sandbox, name: string, stack: string): Workspace {
    const workspace = new Workspace(sandbox, name, stack);
    copyProgram(workspace.directory);
    return workspace;
  }

  /** An empty folder, where a test itself makes the project and the stack. */
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

  /** Puts the project's program in the place of the one that is in the folder; the stack's settings stay. */
  takeProgram(): void {
    const settings = readFileSync(this.stackFile);
    copyProgram(this.directory);
    writeFileSync(this.stackFile, settings);
  }

  /** The same folder and stack, with commands run with further variables. */
  withEnvironment(variables: NodeJS.ProcessEnv): Workspace {
    const environment = withVariables(this.sandbox.environment, variables);
    return new Workspace({ ...this.sandbox, environment }, this.name, this.stack);
  }

  /** Writes the stack's settings anew: those of stack `local` with these differences. */
  configure(settings: StackSettings): void {
    const local = parse(readFileSync(join(this.directory, "stacks/Pulumi.local.yaml"), "utf8")) as {
      readonly config: Readonly<Record<string, unknown>>;
      readonly encryptionsalt: string;
    };
    // An earlier release's file has the keys in full.
    const prefix = `${readProject(this.directory).name}:`;
    const short = Object.entries(local.config).map(([key, value]) => [
      key.startsWith(prefix) ? key.slice(prefix.length) : key,
      value,
    ]);
    const config = { ...(Object.fromEntries(short) as StackSettings), ...settings };
    writeFileSync(this.stackFile, stringify({ ...local, config }, yaml));
  }

  /** Puts a folder of the program back as it is in the project. */
  restore(folder: string): void {
    rmSync(join(this.directory, folder), { recursive: true, force: true });
    cpSync(folder, join(this.directory, folder), { recursive: true });
  }

  /** Changes one place of the workspace's copy of the program; fails where that place is not, or not the only one. */
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
   * @param condition tried until it holds; it has two minutes
   */
  upKilledWhen(condition: () => Promise<boolean>, ...args: readonly string[]): Promise<void> {
    return this.upEndedWhen(condition, "engine", args);
  }

  /** The same with everything that the engine has started, as when the machine goes down. */
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
    // Its lock outlives it.
    await this.succeed("cancel", this.stack, "--yes");
  }

  /** Changes the stack's state. */
  async editState(edit: (state: string) => string): Promise<void> {
    const file = join(this.directory, "state.json");
    await this.succeed("stack", "export", "-s", this.stack, "--file", file);
    writeFileSync(file, edit(readFileSync(file, "utf8")));
    await this.succeed("stack", "import", "-s", this.stack, "--file", file);
  }

  /**
   * Brings the stack up without a preview, which starts the program and the plugins once more and so takes as long again.
   * A test of what the preview of `pulumi up` says or refuses runs that command itself.
   */
  up(...args: readonly string[]): Promise<CommandResult> {
    return this.succeed("up", "-s", this.stack, "--yes", skipPreview, ...args);
  }

  /** Destroys what the stack has made, without a preview like {@link up}. Its delete hooks are the program's. */
  destroy(): Promise<CommandResult> {
    return this.succeed("destroy", "-s", this.stack, "--yes", skipPreview, "--run-program");
  }

  /** The stack's outputs. */
  async outputs(): Promise<Record<string, unknown>> {
    const { stdout } = await this.succeed("stack", "output", "-s", this.stack, "--json");
    return JSON.parse(stdout) as Record<string, unknown>;
  }

  /** What its commands find in their environment. */
  get environment(): NodeJS.ProcessEnv {
    // With the debug commands comes --event-log.
    return { ...this.sandbox.environment, NO_COLOR: "1", PULUMI_DEBUG_COMMANDS: "true" };
  }

  private get stackFile(): string {
    return join(this.directory, `stacks/Pulumi.${this.stack}.yaml`);
  }
}

const workspaceNames: string[] = [];

/**
 * The folder of a workspace: its number among those of this process. Node finds what it has compiled by its path, which is
 * then the same in many files of tests.
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

/** The chart that the end-to-end tests deploy: the one that `AKASH_CHART` names, else the stand-in. */
export function chartUnderTest(): string {
  return process.env.AKASH_CHART ?? "sandbox/chart/provider";
}

/** Everything that a process has started, and what that has started. The plugins have process groups of their own. */
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
    // It has ended by itself meanwhile.
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
