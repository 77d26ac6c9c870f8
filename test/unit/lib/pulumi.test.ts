import assert from "node:assert/strict";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { machineProblem } from "../../../lib/errors.ts";
import { runPulumi, stackResources, type PulumiFailure } from "../../../lib/pulumi.ts";

describe("running Pulumi", () => {
  const { PATH } = process.env;
  const explain = (failure: PulumiFailure) =>
    typeof failure === "string" ? failure : `it said ${failure.stderr}`;
  let directory: string;

  before(() => {
    directory = mkdtempSync(join(tmpdir(), "pulumi-test-"));
  });
  afterEach(() => {
    process.env.PATH = PATH;
  });
  after(() => {
    rmSync(directory, { recursive: true });
  });

  /** Puts a `pulumi` with this script on PATH. */
  function pulumi(script: string): void {
    writeFileSync(join(directory, "pulumi"), `#!/bin/sh\n${script}\n`, { mode: 0o755 });
    process.env.PATH = `${directory}:${PATH ?? ""}`;
  }

  it("returns its standard output, and passes standard input", async () => {
    pulumi('echo "$@ in $PWD"; cat; echo warning >&2');
    assert.equal(
      await runPulumi(["config", "set"], { directory, stdin: "secret\n", explain }),
      `config set --non-interactive in ${directory}\nsecret\n`,
    );
  });

  describe("that does not respond", () => {
    const silent = (args: readonly string[]) =>
      assert.rejects(runPulumi(args, { timeout: 300, explain }), {
        name: "UserError",
        message: `Pulumi gives no answer within 0.3 s. To see what Pulumi waits for: pulumi ${args.join(" ")} -v=5 --logtostderr`,
      });

    it("is killed where it only reads, with its child processes", async () => {
      pulumi("sleep 60; true");
      await silent(["stack", "export", "-s", "prod"]);
    });

    it("cancels its operation where it changes something", async () => {
      const canceled = join(directory, "canceled");
      pulumi(`trap 'echo > ${canceled}; exit 1' INT; sleep 60 > /dev/null 2>&1 & wait`);
      await silent(["import", "-s", "prod"]);
      assert(existsSync(canceled));
    });
  });

  it("names the program where the arguments exceed the system's limit", async () => {
    pulumi("true");
    await assert.rejects(runPulumi(["config", "x".repeat(4_000_000)], { explain }), (error) => {
      assert.match(machineProblem(error) ?? "", /^pulumi does not start: .*\(E2BIG\)/);
      return true;
    });
  });

  it("fails with the caller's message", async () => {
    pulumi("echo done; echo 'error: no' >&2; exit 1");
    const failure = { name: "UserError", message: "it said error: no\n" };
    await assert.rejects(runPulumi(["up"], { explain }), failure);
    await assert.rejects(stackResources("prod", { explain }), failure);
  });

  it("reports that it is not installed", async () => {
    process.env.PATH = directory;
    rmSync(join(directory, "pulumi"), { force: true });
    const failure = { name: "UserError", message: "not on PATH" };
    await assert.rejects(runPulumi(["up"], { explain }), failure);
  });

  it("reads a stack's state, which may be empty", async () => {
    const resources = [
      { urn: "urn:a", type: "a:b:C", id: "1", inputs: { x: 1 } },
      { urn: "urn:b", type: "d" },
    ];
    pulumi(`echo '${JSON.stringify({ version: 3, deployment: { resources } })}'`);
    assert.deepEqual(await stackResources("prod", { explain }), [
      { urn: "urn:a", type: "a:b:C", id: "1", inputs: { x: 1 }, outputs: {} },
      { urn: "urn:b", type: "d", inputs: {}, outputs: {} },
    ]);
    pulumi(`echo '{ "version": 3, "deployment": null }'`);
    assert.deepEqual(await stackResources("prod", { explain }), []);
  });

  it("reports that the stack does not exist", async () => {
    pulumi("echo \"error: no stack named 'prod' found\" >&2; exit 1");
    assert.equal(await stackResources("prod", { explain }), undefined);
  });
});
