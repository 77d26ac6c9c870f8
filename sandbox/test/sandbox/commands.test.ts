import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { pathToFileURL } from "node:url";
import { UsageError } from "../../../lib/errors.ts";
import { runScript, testsOfCommand } from "../../../test/support/commands.ts";
import { runningSandbox } from "../../cluster/sandbox.ts";
import { startLine } from "../../commands/startArguments.ts";
import { defaultSandboxDirectory, sandboxSource } from "../../paths.ts";

describe("commands", function () {
  it("start deploys stack local by default", function () {
    const expected = { stack: "local", wildcard: false, fresh: false, json: false };
    assert.deepEqual(startLine.parse([]), expected);
    assert.deepEqual(startLine.parse(["--fresh", "--json"]), {
      ...expected,
      fresh: true,
      json: true,
    });
    assert.deepEqual(startLine.parse(["cloudflare"]), { ...expected, stack: "local-cloudflare" });
  });

  it("start refuses unknown and multiple stacks", function () {
    assert.throws(() => startLine.parse(["route53"]), {
      name: UsageError.name,
      message: /no stack `route53`/,
    });
    assert.throws(() => startLine.parse(["gcp", "cloudflare"]), /Name one stack at a time/);
  });

  testsOfCommand("sandbox/commands/start.ts", {
    usage: "npm start -- [http|gcp|cloudflare]",
    code: 2,
    wrong: [
      [["--frsh"], /Unknown option '--frsh'\. \(Did you mean --fresh\?\)/],
      [["gcp", "--json=yes"], /--json takes no value/],
    ],
  });
  testsOfCommand("sandbox/commands/stop.ts", {
    usage: "npm stop --",
    code: 2,
    wrong: [
      [["--clean=no"], /--clean takes no value/],
      [["all"], /Too many arguments/],
    ],
  });
  testsOfCommand("sandbox/commands/build.ts", {
    usage: "npm run build-sandbox --",
    code: 2,
    wrong: [
      [["--lst"], /Unknown option '--lst'/],
      [["--list=kwok"], /--list takes no value/],
      [["kwok"], /Too many arguments/],
    ],
  });
  testsOfCommand("sandbox/bench/main.ts", {
    usage: "npm run bench --",
    code: 2,
    wrong: [
      [["--stacks", "1,0"], /--stacks requires whole numbers from 1, not 0/],
      [["--rounds", ""], /--rounds is empty/],
    ],
  });

  for (const tool of ["pulumi", "kubectl", "helm"]) {
    it(`${tool}.ts has no options of its own, and requires the sandbox`, function () {
      if (isRunning()) {
        this.skip();
      }
      const { status, stdout, stderr } = runScript(
        `sandbox/commands/${tool}.ts`,
        "--help",
        "--frsh=1",
      );
      assert.equal(stdout, "");
      assert.equal(stderr, "The sandbox is not running: start it with `npm start`.\n");
      assert.equal(status, 1);
    });
  }

  it("passes arguments on unchanged, and returns the exit code", function () {
    const args = ["--help", "-s", "", "--", "--json=a b", "$HOME", "*"];
    const show = "console.log(JSON.stringify(process.argv.slice(1))); process.exit(7)";
    const { stdout, status } = spawnSync(
      process.execPath,
      [
        "--input-type=module",
        "-e",
        `import { runInteractively } from ${JSON.stringify(pathToFileURL(sandboxSource("commands/runTool.ts")))};
        const args = ${JSON.stringify(["-e", show, "--", ...args])};
        process.exitCode = (await runInteractively(process.execPath, args, process.env)).code;`,
      ],
      { encoding: "utf8" },
    );
    assert.deepEqual(JSON.parse(stdout), args);
    assert.equal(status, 7);
  });
});

function isRunning(): boolean {
  try {
    runningSandbox(defaultSandboxDirectory);
    return true;
  } catch {
    return false;
  }
}
