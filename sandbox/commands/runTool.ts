import { spawn } from "node:child_process";
import { constants } from "node:os";
import { dirname } from "node:path";
import { ensurePrograms } from "../programs/builder.ts";
import { runningSandbox } from "../cluster/sandbox.ts";
import { exitCode, hasCode, UserError } from "../../lib/errors.ts";
import { defaultSandboxDirectory, projectDirectory } from "../paths.ts";
import { createReporter } from "../processes/progress.ts";

/** Where the output of a command goes: to that of this process, or all of it to this process's standard error. */
export type Output = "inherit" | "stderr";

/**
 * Runs a command in the project's folder, on this process's terminal, and waits for its end.
 *
 * @returns its exit code, or 128 plus the number of the signal that ended it, as shells do.
 */
export async function runInteractively(
  command: string,
  args: readonly string[],
  environment: NodeJS.ProcessEnv,
  output: Output = "inherit",
): Promise<{ readonly code: number; readonly signalled: boolean }> {
  const child = spawn(command, args, {
    cwd: projectDirectory,
    env: environment,
    stdio: ["inherit", output === "stderr" ? 2 : "inherit", "inherit"],
  });
  // The terminal sends an interrupt to the child as well, and the child decides how to handle it.
  const ignore = () => undefined;
  const terminate = () => child.kill("SIGTERM");
  process.on("SIGINT", ignore);
  process.on("SIGTERM", terminate);
  try {
    return await new Promise((resolve, reject) => {
      child.on("error", (error) => {
        reject(hasCode(error, "ENOENT") ? new UserError(`${command} is not on PATH.`) : error);
      });
      child.on("exit", (code, signal) => {
        resolve({
          code: signal === null ? (code ?? exitCode.failure) : 128 + constants.signals[signal],
          signalled: signal !== null,
        });
      });
    });
  } finally {
    process.off("SIGINT", ignore);
    process.off("SIGTERM", terminate);
  }
}

/**
 * Implements `npm run pulumi`, `npm run kubectl` and `npm run helm`: runs the tool in the running sandbox with this
 * process's arguments. A tool that `npm start` does not need is built at first use.
 *
 * @throws UserError when the sandbox is not running.
 */
export async function runTool(name: "pulumi" | "kubectl" | "helm"): Promise<number> {
  const { environment } = runningSandbox(defaultSandboxDirectory);
  let command: string = name;
  if (name !== "pulumi") {
    const installed = await ensurePrograms([name], createReporter(process.stderr));
    command = installed.get(name)?.path ?? name;
  }
  const path = [environment.PATH, dirname(command)].join(":");
  const { code } = await runInteractively(command, process.argv.slice(2), {
    ...environment,
    PATH: path,
  });
  return code;
}
