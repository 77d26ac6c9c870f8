import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { resolve } from "node:path";
import type { Action } from "../../fleet/action.ts";
import type { FleetReport } from "../../fleet/report.ts";
import { waitFor } from "../../sandbox/processes/wait.ts";
import type { Workspace } from "./workspace.ts";

/** The end of a fleet command. */
export interface FleetEnd {
  readonly status: number | null;
  /** The steps, and the text below the table. */
  readonly said: string;
  readonly stdout: string;
}

/** The command `npm run fleet`, as it runs in a workspace. */
export class FleetCommand {
  private readonly child: ChildProcess;
  private stdout = "";
  private said = "";
  private readonly ended: Promise<unknown>;

  /**
   * Starts the command on the workspace's stacks `local-fleet-*`, as a terminal would: in a process group of its
   * own.
   */
  constructor({ directory, environment }: Workspace, action: Action, ...more: readonly string[]) {
    const own = ["--stacks", "local-fleet-*", "--sandbox", "--json"];
    const args = [`--require=${resolve("startup/preload.cjs")}`, resolve("fleet/main.ts"), action];
    const child = spawn(process.execPath, [...args, ...own, ...more], {
      ...{ cwd: directory, env: environment },
      detached: true,
      stdio: ["ignore", "pipe", "pipe"],
    });
    this.child = child;
    this.ended = once(child, "close");
    child.stdout.setEncoding("utf8").on("data", (text: string) => (this.stdout += text));
    child.stderr.setEncoding("utf8").on("data", (text: string) => (this.said += text));
  }

  /** Waits until the command has reported a step. */
  async says(step: RegExp): Promise<void> {
    await waitFor(
      () => {
        if (this.child.exitCode !== null) {
          throw new Error(`the fleet has ended: ${this.said}`);
        }
        return step.test(this.said);
      },
      { what: `the fleet's step ${String(step)}`, timeout: 120_000, interval: 50 },
    );
  }

  /** Sends a signal to the command and its process group, as a terminal does; or kills only the command. */
  signal(name: "SIGINT" | "SIGKILL"): void {
    const { pid = 0 } = this.child;
    process.kill(name === "SIGINT" ? -pid : pid, name);
  }

  async end(): Promise<FleetEnd> {
    await this.ended;
    return { status: this.child.exitCode, said: this.said, stdout: this.stdout };
  }

  /** The report, after the end with this exit code. */
  async report(code: number): Promise<FleetReport> {
    const { status, said, stdout } = await this.end();
    if (status !== code) {
      throw new Error(`the fleet has ended with ${String(status)}, not ${code}:\n${said}${stdout}`);
    }
    return JSON.parse(stdout) as FleetReport;
  }
}
