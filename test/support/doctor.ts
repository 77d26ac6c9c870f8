import { execFile } from "node:child_process";
import { resolve } from "node:path";
import type { Report } from "../../doctor/report.ts";
import type { Workspace } from "./workspace.ts";

/** The doctor's report on a workspace's stack, with or without findings. */
export function doctorReport({ directory, stack, environment }: Workspace): Promise<Report> {
  return new Promise((done, failed) => {
    execFile(
      process.execPath,
      [resolve("doctor/main.ts"), "-s", stack, "--json"],
      { cwd: directory, env: environment },
      (_error, stdout, stderr) => {
        try {
          done(JSON.parse(stdout) as Report);
        } catch {
          failed(new Error(`the doctor reports nothing: ${stdout}${stderr}`));
        }
      },
    );
  });
}
