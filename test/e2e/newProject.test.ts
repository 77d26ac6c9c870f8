import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { chmodSync, cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { parse } from "yaml";
import type { Sandbox } from "../../sandbox/cluster/sandbox.ts";
import { issueCertificate } from "../../sandbox/cluster/issuer.ts";
import { silentReporter } from "../../sandbox/processes/progress.ts";
import { testSandbox } from "../support/sandbox.ts";
import { walletKey } from "../support/settings.ts";
import { chartUnderTest, Workspace, type CommandResult } from "../support/workspace.ts";

const project = "my-provider";
const stack = "home";
const domain = "home.test";
const asked = {
  domain,
  email: "operator@home.test",
  from: "akash1qypqxpq9qcrsszg2pvxq6rs0zqg3yyc5lzv7xu",
};
const unasked = {
  acmeDirectory: "https://pebble.sandbox.internal/dir",
  chart: "./chart",
  website: "https://home.test",
};

describe("A project of another name, created by pulumi new", () => {
  let sandbox: Sandbox;
  let workspace: Workspace;
  let made: CommandResult;

  /** The project as a clone of its repository contains it. */
  function cloneTo(directory: string): void {
    rmSync(directory, { recursive: true, force: true });
    const { stdout } = spawnSync(
      "git",
      ["ls-files", "-z", "--cached", "--others", "--exclude-standard"],
      {
        encoding: "utf8",
      },
    );
    for (const file of stdout.split("\0").filter((name) => name !== "")) {
      cpSync(file, join(directory, file));
    }
  }

  /** An npm that links the project's packages instead of downloading them, as `pulumi new` requests. */
  function npmIn(directory: string): string {
    mkdirSync(directory, { recursive: true });
    const npm = join(directory, "npm");
    writeFileSync(
      npm,
      `#!/bin/sh
if [ "$*" = ci ]; then
  echo "npm $*"
  exec ln -s '${resolve("node_modules")}' node_modules
fi
export PATH='${sandbox.environment.PATH ?? ""}'
exec npm "$@"
`,
    );
    chmodSync(npm, 0o755);
    return directory;
  }

  before(async () => {
    sandbox = await testSandbox();
    const template = join(sandbox.directory, "work", "template");
    cloneTo(template);
    const npm = npmIn(join(sandbox.directory, "work", "npm"));
    workspace = Workspace.empty(sandbox, project, stack).withEnvironment({
      PATH: `${npm}:${sandbox.environment.PATH ?? ""}`,
    });
    const config = Object.entries(asked);
    made = await workspace.pulumi(
      ...["new", template, "--yes", "--name", project, "--stack", stack],
      ...config.flatMap(([name, value]) => ["--config", `${name}=${value}`]),
    );
  });

  it("installs the packages, and stores the answers", () => {
    assert.equal(made.status, 0, made.output);
    assert.match(made.output, /npm ci/);
    const { name, template } = parse(read("Pulumi.yaml")) as Record<string, unknown>;
    assert.deepEqual([name, template], [project, undefined]);
    const { config } = parse(read(`stacks/Pulumi.${stack}.yaml`)) as {
      readonly config: Readonly<Record<string, unknown>>;
    };
    const expected = { ...asked, acmeDirectory: "staging", challenge: "http-01" };
    for (const [name, value] of Object.entries(expected)) {
      assert.equal(config[`${project}:${name}`], value);
    }
  });

  it("asks only for settings of the program, and for all required ones", async () => {
    const { status, output } = await workspace.pulumi("preview", "-s", stack);
    assert.notEqual(status, 0);
    // `pulumi new` cannot ask for the wallet's key, which has many lines.
    assert.match(output, /walletKey/);
    for (const name of [...Object.keys(asked), "challenge", "acmeDirectory"]) {
      assert.doesNotMatch(output, new RegExp(`pulumi config set .*\\b${name}\\b`));
    }
  });

  it("prints commands for the remaining steps, which work when pasted", async () => {
    writeFileSync(join(workspace.directory, "wallet.key"), walletKey);
    const commands = made.stdout
      .split("\n")
      .map((line) => line.trim())
      .filter((line) => line.startsWith("pulumi config set ") && !line.includes("dns."));
    assert.equal(commands.length, 3);
    // A person is prompted for it, and it is encrypted; on the command line, it would be in plain text.
    commands.push("pulumi config set --secret walletPassword wallet-password");
    for (const command of commands) {
      const { status, output } = await workspace.shell(command);
      assert.equal(status, 0, output);
    }
  });

  it("deploys a provider that obtains its certificate", async () => {
    cpSync(chartUnderTest(), join(workspace.directory, "chart"), { recursive: true });
    for (const [name, value] of Object.entries(unasked)) {
      await workspace.succeed("config", "set", name, value);
    }
    await workspace.succeed("up", "-s", stack, "--yes");
    await workspace.succeed("preview", "-s", stack, "--expect-no-changes");
    const { result } = await issueCertificate(
      sandbox,
      { namespace: "akash-services" },
      silentReporter,
    );
    assert.equal(result, "issued");
  });

  it("is checked by its own doctor", async () => {
    const { stdout, output } = await workspace.shell(`npm run -s doctor -- -s ${stack} --json`);
    assert.match(stdout, /^\{/, output);
    const { findings } = JSON.parse(stdout) as {
      readonly findings: readonly { readonly id: string; readonly severity: string }[];
    };
    assert(
      findings.some(({ id, severity }) => id === "release" && severity === "ok"),
      output,
    );
  });

  it("is previewed and destroyed under its own name", async () => {
    await workspace.destroy();
    const { stdout } = await workspace.succeed("stack", "export", "-s", stack);
    assert.doesNotMatch(stdout, /"urn:pulumi:[^:]*::akash-provider-letsencrypt::/);
  });

  function read(file: string): string {
    return readFileSync(join(workspace.directory, file), "utf8");
  }
});
