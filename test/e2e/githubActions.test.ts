import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { promisify } from "node:util";
import { parse, stringify } from "yaml";
import { ensurePrograms } from "../../sandbox/programs/builder.ts";
import type { Sandbox } from "../../sandbox/cluster/sandbox.ts";
import { silentReporter } from "../../sandbox/processes/progress.ts";
import { SandboxClouds } from "../support/clouds.ts";
import { testSandbox } from "../support/sandbox.ts";
import { workflowFiles, workflows } from "../support/workflows.ts";
import { Workspace } from "../support/workspace.ts";

const run = promisify(execFile);

describe("the workflows for GitHub Actions", () => {
  let sandbox: Sandbox;
  let workspace: Workspace;
  let clouds: SandboxClouds;

  before(async () => {
    sandbox = await testSandbox();
    clouds = new SandboxClouds(sandbox);
    workspace = Workspace.ofProject(sandbox, "ci", "staging");
    for (const part of ["bootstrap.mjs", "doctor", "fleet", "sandbox"]) {
      symlinkSync(resolve(part), join(workspace.directory, part));
    }
    for (const stack of ["staging", "prod"]) {
      const file = (name: string) => join(workspace.directory, `stacks/Pulumi.${name}.yaml`);
      const content = parse(readFileSync(file("local-fleet-1"), "utf8")) as {
        readonly config: { readonly dns: object };
      };
      // Too old tomorrow, so due within a week.
      const dns = { ...content.config.dns, maxAgeDays: 1, proofTimeout: 3 };
      const names = { domain: `${stack}.example.test`, namespace: stack, releaseName: stack };
      const config = { ...content.config, ...names, dns };
      writeFileSync(file(stack), stringify({ ...content, config }, { version: "1.1" }));
    }
  });

  /**
   * Runs the commands of a job one after the other, as GitHub's runner does, and stops at the first failure.
   *
   * @returns the commands' output, and the outputs of the job's steps
   */
  async function runJob(workflow: string, job: string, stack?: string) {
    const { steps = [], env = {} } = workflows[workflow]?.jobs[job] ?? {};
    const outputs = join(workspace.directory, "github-output");
    writeFileSync(outputs, "");
    const variables = {
      GITHUB_OUTPUT: outputs,
      ...(stack !== undefined && { STACK: stack }),
      // Here, the provider is only emulated by the sandbox.
      ...("FLEET_OPTIONS" in env && { FLEET_OPTIONS: "--sandbox" }),
    };
    const commands = steps.flatMap(({ run }) => run ?? []);
    // The packages are the project's here, and installed.
    assert.equal(commands.shift(), "npm ci");
    let output = "";
    for (const command of commands) {
      const result = await workspace.withEnvironment(variables).shell(`set -e\n${command}`);
      output += result.output;
      assert.equal(result.status, 0, `${command}\n${result.output}`);
    }
    const written = readFileSync(outputs, "utf8");
    rmSync(outputs);
    const pairs = [...written.matchAll(/^(\w+)=(.*)$/gm)];
    return {
      output,
      outputs: Object.fromEntries(
        pairs.map(([, name = "", value = ""]) => [name, JSON.parse(value) as unknown]),
      ),
    };
  }

  it("are accepted by actionlint", async () => {
    const programs = await ensurePrograms(["actionlint"], silentReporter);
    const actionlint = programs.get("actionlint")?.path ?? "actionlint";
    const { stdout } = await run(actionlint, ["-no-color", ...workflowFiles]);
    assert.equal(stdout, "");
    const broken = join(workspace.directory, "broken.yaml");
    writeFileSync(
      broken,
      readFileSync(workflowFiles[0] ?? "", "utf8").replace("needs.stacks", "needs.none"),
    );
    await assert.rejects(run(actionlint, ["-no-color", broken]), {
      stdout: /property "none" is not defined/,
    });
  });

  it("find the stacks, except the sandbox's", async () => {
    const { outputs } = await runJob("deploy", "stacks");
    assert.deepEqual(outputs, { staging: ["staging"], production: ["prod"] });
    for (const workflow of ["preview", "rotate"]) {
      const { outputs: all } = await runJob(workflow, "stacks");
      assert.deepEqual(all, { all: ["prod", "staging"] });
    }
  });

  it("preview a stack that does not exist yet, and change nothing else", async () => {
    const { output } = await runJob("preview", "preview", "staging");
    assert.match(output, /\+ kubernetes:helm\.sh\/v3:Release/);
    assert.deepEqual(await clouds.credentials("google"), []);
  });

  it("deploy staging, then production, with their certificates", async () => {
    for (const [job, stack] of [
      ["staging", "staging"],
      ["production", "prod"],
    ] as const) {
      const { output } = await runJob("deploy", job, stack);
      assert.match(output, new RegExp(`^${stack} +up, \\d+ changes +\\d{4}-\\d\\d-\\d\\d +`, "m"));
    }
    assert.equal((await clouds.credentials("google")).length, 2);
  });

  it("rotate the credentials that are due within the week", async () => {
    const before = await clouds.credentials("google");
    const { output } = await runJob("rotate", "rotate", "staging");
    assert.match(output, /^staging +rotated +/m);
    const after = await clouds.credentials("google");
    assert.equal(after.length, 2);
    assert.equal(after.filter((id) => before.includes(id)).length, 1);
  });
});
