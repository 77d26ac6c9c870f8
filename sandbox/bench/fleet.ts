import { copyFileSync, symlinkSync } from "node:fs";
import { join, resolve } from "node:path";
import { shell } from "../../lib/shell.ts";
import { Workspace } from "../../test/support/workspace.ts";
import type { Sandbox } from "../cluster/sandbox.ts";

/** A folder with all stacks, for `npm run fleet`. */
export class BenchFleet {
  private readonly workspace: Workspace;

  constructor(sandbox: Sandbox) {
    this.workspace = Workspace.ofProject(sandbox, "fleet", "stack-1");
    for (const part of ["bootstrap.mjs", "doctor", "fleet", "sandbox"]) {
      symlinkSync(resolve(part), join(this.workspace.directory, part));
    }
  }

  /** Adds a stack that is deployed from another folder. */
  add({ directory, stack }: Workspace): void {
    const file = join("stacks", `Pulumi.${stack}.yaml`);
    copyFileSync(join(directory, file), join(this.workspace.directory, file));
  }

  /**
   * Runs the action on all stacks.
   *
   * @param environment further variables
   */
  async run(action: "preview" | "up", environment: NodeJS.ProcessEnv): Promise<void> {
    const command = shell`npm run -s fleet -- ${action} --fresh --sandbox --stacks 'stack-*' --json`;
    const { status, output } = await this.workspace.withEnvironment(environment).shell(command);
    if (status !== 0) {
      throw new Error(`the fleet's ${action} failed (${String(status)}):\n${output}`);
    }
  }
}
